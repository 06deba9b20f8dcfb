"""Whether a request may be made at all, and what is wrong with it. No I/O.

Personal and sealed items are masked in every delivery. Unmasked they are given only by a resource that is shared on condition,
for a purpose that says what they are needed for, and never by a database view.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from yiwang.exchange.catalogue.model import Resource
from yiwang.exchange.errors import ShareInvalid, ShareNotOffered
from yiwang.exchange.sharing.model import Wanted
from yiwang.kernel.errors import FieldError
from yiwang.registry.types import CompiledType

_longest = timedelta(days=366 * 3)
shortest_purpose = 6
shortest_purpose_for_plain = 12


def require_offered(resource: Resource, consumer_id: int) -> None:
    """Raises ShareNotOffered."""
    if resource.state != "published":
        raise ShareNotOffered(reason_zh="尚未发布或已撤销", reason_en="it is not published, or was withdrawn")
    if resource.share_type == 3:
        raise ShareNotOffered(
            reason_zh=f"属于不予共享类({resource.share_condition})",
            reason_en=f"not shared ({resource.share_condition})",
        )
    if resource.type is None:
        raise ShareNotOffered(
            reason_zh="数据不在本平台,请按目录中的共享方式联系提供方",
            reason_en="the data are kept elsewhere; turn to the provider as the catalogue says",
        )
    if resource.provider_id == consumer_id:
        raise ShareNotOffered(reason_zh="本单位就是提供方", reason_en="your own office provides it")


def require_sound(resource: Resource, kind: CompiledType, wanted: Wanted, now: datetime) -> None:
    """Raises ShareInvalid with everything that is wrong."""
    errors = [*_purpose(wanted), *_terms(wanted, now), *_items(resource, kind, wanted), *_filters(kind, wanted)]
    if errors:
        raise ShareInvalid(errors=errors, count=len(errors))


def _error(where: str, zh: str, en: str) -> FieldError:
    return FieldError(where=f"/{where}", code="share.invalid", zh=zh, en=en)


def _purpose(wanted: Wanted) -> Iterator[FieldError]:
    least = shortest_purpose_for_plain if wanted.plain else shortest_purpose
    if len(wanted.purpose) < least:
        yield _error(
            "purpose",
            f"请写明用途(不少于 {least} 个字):用于什么业务、依据什么",
            f"say in at least {least} characters for which business and on which basis the data are needed",
        )


def _terms(wanted: Wanted, now: datetime) -> Iterator[FieldError]:
    if not now < wanted.until <= now + _longest:
        yield _error("until", "期限应在今后三年以内", "the period ends within the next three years")


def _items(resource: Resource, kind: CompiledType, wanted: Wanted) -> Iterator[FieldError]:
    offered = {item.attribute: item for item in resource.items if item.attribute in kind.declaration.attributes}
    if not wanted.items:
        yield _error("items", "请至少选择一个信息项", "choose at least one item")
    for name in wanted.items:
        if name not in offered:
            known = "、".join(sorted(offered))
            yield _error(
                "items", f"该资源没有信息项“{name}”;可用的有:{known}", f"there is no item “{name}”; known: {known}"
            )
    hidden = kind.declaration.personal.keys() | kind.sealed
    if wanted.delivery == "view":
        for name in sorted(hidden & set(wanted.items)):
            yield _error(
                "items",
                f"数据库视图不能包含个人信息或加密项“{name}”",
                f"a database view never holds the personal item “{name}”",
            )
    for name in wanted.plain:
        if name not in wanted.items:
            yield _error("plain", f"“{name}”不在所申请的信息项中", f"“{name}” is not among the items")
        elif name not in hidden:
            yield _error("plain", f"“{name}”不是个人信息,无需单独申请", f"“{name}” is not personal; leave it out here")
    if wanted.plain and resource.share_type != 2:
        yield _error(
            "plain",
            "只有有条件共享的资源才能申请个人信息原文;无条件共享时按脱敏提供",
            "personal items are given unmasked only by resources that are shared on condition",
        )


def _filters(kind: CompiledType, wanted: Wanted) -> Iterator[FieldError]:
    for name in wanted.filters:
        if name not in kind.filters:
            known = "、".join(sorted(kind.filters)) or "—"
            yield _error("filters", f"不能按“{name}”筛选;可用的有:{known}", f"no filter by “{name}”; possible: {known}")
        elif name in (kind.declaration.personal.keys() | kind.sealed) - set(wanted.plain):
            zh, en = "值会因此被猜出", "its values could be guessed so"
            yield _error("filters", f"不能按脱敏的“{name}”筛选:{zh}", f"no filter by the masked “{name}”: {en}")
        elif name in kind.sealed and wanted.delivery == "view":
            yield _error("filters", f"数据库视图不能按加密项“{name}”筛选", f"a view cannot be filtered by “{name}”")
