"""A new application as a folder that works at once: ``files/`` with names put in, and the pack named in a city.

Promises: nothing that exists is overwritten; the city's file keeps its words and comments, one name is added to its packs;
what is made passes ``yiwang check``, and its scenarios pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from yiwang.packs.errors import NoSkeleton
from yiwang.packs.findings import Findings, shown
from yiwang.packs.loaded import City, Pack, held_posts
from yiwang.packs.loader import load_city, load_pack, pack_folders
from yiwang.packs.model.city import OrganisationEntry

BASE = "urban-management"
"""The pack whose posts and departments a new one starts with."""
_FILES = Path(__file__).parent / "files"
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
_POSTS = ("acceptor", "department-desk")


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: the pack's folder, its files, and the city that names it now."""

    folder: Path
    files: tuple[Path, ...]
    city: Path
    scenario: Path


def make_pack(id: str, packs: Path, city_folder: Path, *, zh: str = "", en: str = "") -> Made:
    """Write ``packs/ID`` and name it in the city.

    Raises:
        NoSkeleton: the id is no id or taken, the city cannot be read or has nobody for the first steps; says what to do.
    """
    _require_id(id)
    folder = packs / id
    if folder.exists():
        raise NoSkeleton(reason_zh=f"{shown(folder)} 已存在", reason_en=f"{shown(folder)} exists already")
    city = _city(city_folder, packs)
    every = [pack for path in pack_folders(packs) if (pack := load_pack(path, Findings())) is not None]
    _require_free(id, every)
    words = {
        "id": id,
        "zh": zh.strip() or f"新应用{id}",
        "en": _quotable(en.strip() or id.replace("-", " ").capitalize()),
        "city": city.id,
        "department": _department(city),
        "prefix": _prefix(id, every),
    }
    city_text = _with_pack(city, id)
    written = tuple(_write(folder, words))
    (city_folder / "city.yaml").write_text(city_text, encoding="utf-8")
    return Made(folder, written, city_folder / "city.yaml", folder / "scenarios" / f"{id}.yaml")


def _require_id(id: str) -> None:
    if _ID.fullmatch(id) and len(id) <= _LONGEST:
        return
    near = re.sub(r"-+", "-", re.sub(r"[^a-z0-9]+", "-", id.lower())).strip("-0123456789")[:_LONGEST].strip("-")
    hint_zh, hint_en = (f",如 {near}", f", such as {near}") if near else ("", "")
    raise NoSkeleton(
        reason_zh=f"编号“{id[:60]}”不合要求:只用小写字母、数字和短横线,以字母开头,最多 {_LONGEST} 个字符{hint_zh}",
        reason_en=f"“{id[:60]}” is no id: small letters, digits and hyphens, a letter first, at most {_LONGEST}{hint_en}",
    )


def _require_free(id: str, packs: Iterable[Pack]) -> None:
    """Nothing of another pack may have a name that the new one's files would have."""
    taken = {
        name: pack.id
        for pack in packs
        for name in [
            *(item.value.id for item in pack.cases),
            *(item.value.id for item in pack.classes),
            *(item.value.id for item in pack.rules),
            *(item.value.id for item in pack.types),
            *(flow.key for flow in pack.flows),
        ]
    }
    for name in (f"{id}-case", f"{id}-matters", f"{id}-dispatch", f"{id}-item"):
        if name in taken:
            raise NoSkeleton(
                reason_zh=f"{taken[name]} 里已有 {name},请换一个编号",
                reason_en=f"{taken[name]} has a {name} already; choose another id",
            )


def _city(folder: Path, packs: Path) -> City:
    findings = Findings()
    city = load_city(folder, packs, findings)
    if city is None or findings.errors:
        first = next((item for item in findings.sorted() if item.level == "error"), None)
        raise NoSkeleton(
            reason_zh=f"城市 {shown(folder)} 不能读取:{first.line_of_text() if first else ''}",
            reason_en=f"the city {shown(folder)} cannot be read: {first.line_of_text('en') if first else ''}",
        )
    if BASE not in city.file.value.packs:
        raise NoSkeleton(
            reason_zh=f"城市 {city.id} 没有应用包 {BASE},新应用要用它的岗位;请先写进 packs",
            reason_en=f"the city {city.id} lacks the pack {BASE}, whose posts a new one starts with; name it in packs first",
        )
    return city


def _department(city: City) -> str:
    """A kind of department that somebody at a desk of the city stands for, so that the first matter has a taker."""
    base = next(pack for pack in city.packs if pack.id == BASE)
    demo = city.file.value.demo
    offices = (
        {entry.code: entry for root in city.organisations.value.organisations for entry in _walk(root)}
        if city.organisations
        else {}
    )
    held = [post for account in (demo.accounts if demo else []) for post in held_posts(account)]
    for kind, office, _ in held:
        serves = offices[office].serves if kind == "department-desk" and office in offices else []
        for department in serves:
            if department in base.file.value.departments and department != "centre":
                return department
    missing = [post for post in _POSTS if post not in {kind for kind, _, _ in held}]
    raise NoSkeleton(
        reason_zh=f"城市 {city.id} 的演示账号中没有人担任 {'、'.join(missing) or 'department-desk'},场景无人可办",
        reason_en=f"no demo account of the city {city.id} holds {', '.join(missing) or 'department-desk'}; nobody could act",
    )


def _walk(entry: OrganisationEntry) -> Iterable[OrganisationEntry]:
    yield entry
    for child in entry.children:
        yield from _walk(child)


def _prefix(id: str, packs: Iterable[Pack]) -> str:
    """Letters before the number of its cases that no other case type has."""
    taken = {item.value.number.partition("{")[0] for pack in packs for item in pack.cases}
    letters = id.replace("-", "").upper()
    initials = "".join(part[0] for part in id.split("-")).upper()
    for size in range(len(letters) + 1):
        prefix = initials + letters[:size]
        if len(prefix) >= 2 and prefix not in taken:
            return prefix
    return f"{letters}X"


def _quotable(text: str) -> str:
    return text.replace('"', "'").replace("\\", "/")


def _write(folder: Path, words: dict[str, str]) -> Iterable[Path]:
    for source in sorted(path for path in _FILES.rglob("*") if path.is_file()):
        name = _filled(source.relative_to(_FILES).as_posix(), words)
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_filled(source.read_text("utf-8"), words), encoding="utf-8")
        yield target


def _filled(text: str, words: dict[str, str]) -> str:
    return re.sub("@([a-z]+)@", lambda match: words[match[1]], text)


def _with_pack(city: City, id: str) -> str:
    """The text of city.yaml with one pack more.

    Raises:
        NoSkeleton: its packs are written in a way that cannot be added to without changing other words.
    """
    text = city.file.source.path.read_text("utf-8")
    found = re.search(r"^packs:\s*\[[^\]#]*", text, re.MULTILINE)
    listed = re.search(r"^packs:[^\S\n]*(?:#[^\n]*)?\n(?:[ \t]*-[^\n]*\n)+", text, re.MULTILINE)
    if found is not None:
        inside = found.group().rstrip().rstrip(",")
        added = f"{inside}{'' if inside.endswith('[') else ', '}{id}"
        changed = text[: found.start()] + added + text[found.end() :]
    elif listed is not None:
        indent = re.findall(r"^([ \t]*)-", listed.group(), re.MULTILINE)[-1]
        changed = text[: listed.end()] + f"{indent}- {id}\n" + text[listed.end() :]
    else:
        changed = text
    if yaml.safe_load(changed).get("packs") != [*city.file.value.packs, id]:
        raise NoSkeleton(
            reason_zh=f"请先把 {shown(city.file.source.path)} 的 packs 写成一个列表",
            reason_en=f"write the packs of {shown(city.file.source.path)} as one plain list first",
        )
    return changed
