"""Whether what an administrator wants can be: what the shape alone cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from yiwang.identity.separation import check_role
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Connection
from yiwang.kernel.deadlines import parse_deadline
from yiwang.kernel.errors import Problem
from yiwang.packs.administration import store
from yiwang.packs.administration.documents import (
    AnyDocument,
    Kind,
    SetBoard,
    SetHours,
    SetLimit,
    SetOrganisation,
    SetRole,
    SetYear,
)
from yiwang.packs.administration.errors import OfficeInUse, SettingInvalid, TargetUnknown
from yiwang.packs.administration.overlay import Name, Office, calendar_with, hours_of, offices_of, overlaid, roles_of
from yiwang.packs.check.grants import known_verbs
from yiwang.packs.check.indicators import check_indicators
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import City

_POINTS = 1000.0


async def check(
    connection: Connection,
    base: WorkingCalendar,
    city: City,
    kind: Kind,
    key: str,
    wanted: AnyDocument | None,
    found: Mapping[Name, AnyDocument],
) -> None:
    """Refuse what cannot be; ``found`` is all that will be set, the wish included.

    Raises:
        TargetUnknown, SettingInvalid, OfficeInUse.
    """
    if (kind, key) in overlaid(city, found).idle:
        raise TargetUnknown(
            key=key, reason_zh="应用包和城市里没有这一项", reason_en="neither packs nor city have such an item"
        )
    if isinstance(wanted, SetYear):
        check_year(int(key), wanted)
    elif isinstance(wanted, SetHours):
        _words(lambda: hours_of(wanted, base))
    elif isinstance(wanted, SetLimit):
        _words(lambda: parse_deadline(wanted.limit))
    elif isinstance(wanted, SetBoard):
        _check_board(city, key, wanted, found)
    elif isinstance(wanted, SetRole):
        _check_role(city, key, wanted, found)
    if kind in ("calendar", "hours"):
        calendar_with(base, found)
    if kind == "organisation":
        await _check_office(connection, city, key, wanted if isinstance(wanted, SetOrganisation) else None, found)


def _refuse(zh: str, en: str) -> SettingInvalid:
    return SettingInvalid(reason_zh=zh, reason_en=en)


def _words(read: object) -> None:
    """Whatever a reader refuses, in its own words."""
    try:
        if callable(read):
            read()
    except Problem as problem:
        raise _refuse(problem.message("zh"), problem.message("en")) from problem


def check_year(year: int, wanted: SetYear) -> None:
    """Every day in its year, and once. Raises: SettingInvalid."""
    seen: set[date] = set()
    for item in wanted.days:
        if item.day.year != year:
            raise _refuse(f"{item.day} 不在 {year} 年。", f"{item.day} is not in {year}.")
        if item.day in seen:
            raise _refuse(f"{item.day} 写了两次。", f"{item.day} stands there twice.")
        seen.add(item.day)


def _check_board(city: City, key: str, wanted: SetBoard, found: Mapping[Name, AnyDocument]) -> None:
    new = overlaid(city, found).city
    packs = {pack.id: pack for pack in new.packs}
    pack = next(pack for pack in new.packs for item in pack.boards if item.value.id == key)
    board = next(item.value for item in pack.boards if item.value.id == key)
    strange = sorted({item.indicator for item in wanted.measures} - {item.indicator for item in board.measures})
    if strange:
        raise _refuse(
            f"考核方案里没有指标 {'、'.join(strange)},计算方法由应用包决定。",
            f"the board has no indicator {', '.join(strange)}; the formula is the pack's.",
        )
    if len({grade.id for grade in board.grades}) != len(board.grades):
        raise _refuse("等级的代码重复。", "two grades have the same code.")
    if sum(item.weight or 0 for item in board.measures) > _POINTS:
        raise _refuse(f"权重合计不能超过 {_POINTS:.0f}。", f"weights add up to {_POINTS:.0f} at most.")
    findings = Findings()
    check_indicators(pack, packs, findings)
    faults = [item for item in findings.items if item.level == "error"]
    if faults:
        raise _refuse(faults[0].zh, faults[0].en)


def _check_role(city: City, key: str, wanted: SetRole, found: Mapping[Name, AnyDocument]) -> None:
    taken = {role.code for pack in city.packs if pack.roles for role in pack.roles.value.roles}
    if key in taken:
        raise _refuse(f"角色 {key} 是应用包的,请换一个代码。", f"the role {key} is a pack's; choose another code.")
    known = known_verbs()
    for grant in wanted.grants:
        strange = [verb for verb in grant.verbs if "*" not in known.get(grant.kind, ()) and verb != "*"]
        strange = [verb for verb in strange if verb not in known.get(grant.kind, frozenset())]
        if grant.kind not in known or strange:
            what = grant.kind if grant.kind not in known else f"{grant.kind}:{strange[0]}"
            raise _refuse(f"没有 {what} 这项权限。", f"there is no grant {what}.")
    role = next((role for role in roles_of(found) if role.code == key), None)
    if role is not None:
        _words(lambda: check_role(role))


async def _check_office(
    connection: Connection, city: City, key: str, wanted: SetOrganisation | None, found: Mapping[Name, AnyDocument]
) -> None:
    offices = offices_of(overlaid(city, found).city)
    if wanted is None or wanted.closed:
        if key in offices:
            return  # what was set is taken back, and the files have the office
        former = _former(city, key, wanted)
        below = [
            office.entry.names.zh
            for code, office in _parents(city, found).items()
            if office.parent == key and code in offices
        ]
        if below:
            names = "、".join(below[:3])
            raise OfficeInUse(
                name=former, reason_zh=f"还有下级机构({names})", reason_en=f"there are offices below it ({names})"
            )
        waiting = await store.open_tasks(connection, key)
        if waiting:
            raise OfficeInUse(
                name=former,
                reason_zh=f"还有 {waiting} 件任务等它办理,请先转派",
                reason_en=f"{waiting} tasks still wait for it; hand them on first",
            )
        return
    kinds = {kind.code for pack in city.packs if pack.roles for kind in pack.roles.value.posts}
    kinds |= {"system-admin", "security-admin", "audit-admin"}
    strange = sorted({post.code for post in wanted.posts} - kinds)
    if strange:
        raise _refuse(f"没有岗位 {'、'.join(strange)}。", f"there is no post {', '.join(strange)}.")
    if wanted.parent is not None and wanted.parent not in offices:
        raise _refuse(f"没有上级机构 {wanted.parent}。", f"there is no office {wanted.parent} to stand above it.")
    at, seen = wanted.parent, {key}
    parents = {code: office.parent for code, office in _parents(city, found).items()}
    while at:
        if at in seen:
            raise _refuse("机构不能放到自己的下级之下。", "an office cannot stand below one of its own.")
        seen.add(at)
        at = parents.get(at) or None


def _parents(city: City, found: Mapping[Name, AnyDocument]) -> dict[str, Office]:
    """Every office with the parent that it wants, closed ones too."""
    result = dict(offices_of(city))
    for (kind, code), wanted in found.items():
        if kind == "organisation" and isinstance(wanted, SetOrganisation):
            known = result.get(code)
            entry = known.entry if known else next(iter(result.values())).entry
            result[code] = Office(entry.model_copy(update={"names": wanted.names}), wanted.parent or "")
    return result


def _former(city: City, key: str, wanted: SetOrganisation | None) -> str:
    if wanted is not None:
        return wanted.names.zh
    office = offices_of(city).get(key)
    return office.entry.names.zh if office else key
