"""System query options of one request or of one ``$expand``: ``$filter $orderby $top $skip $count $select $expand
$resultFormat`` and the server's own ``$skiptoken``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from yiwang.sensing.sensorthings.errors import QueryInvalid
from yiwang.sensing.sensorthings.odata.expressions import Expression, parse_expression

longest = 8000
deepest = 5
most_expansions = 20
most_orders = 5
most_names = 40
largest_skip = 100_000
_NAME = re.compile(r"@?[^\W\d][\w.]{0,80}")
_WAY = re.compile(r"[^\W\d]\w{0,80}(?:/[^\W\d]\w{0,80}){0,6}")
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    expression: Expression
    descending: bool


@dataclass(frozen=True, slots=True)
class Options:
    """``raw`` are the options as they were written, without ``$skip`` and ``$skiptoken``: for the link to the next page."""

    filter: Expression | None = None
    orders: tuple[Order, ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    select: tuple[str, ...] = ()
    expand: tuple[Expansion, ...] = ()
    data_array: bool = False
    skip_token: str = ""
    raw: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Expansion:
    """A navigation property to be written out inside its entity."""

    name: str
    options: Options = field(default_factory=Options)


def parse_options(pairs: Iterable[tuple[str, str]], depth: int = 0) -> Options:
    """The options among ``pairs`` (decoded); names without ``$`` are not ours and are passed over.

    Raises:
        QueryInvalid: unknown, given twice, malformed, too long or nested too deep.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if not name.startswith("$"):
            continue
        if name not in _KNOWN:
            raise QueryInvalid(name, f"known are {', '.join(sorted(_KNOWN))}", f"可用的有 {'、'.join(sorted(_KNOWN))}")
        if name in given:
            raise QueryInvalid(name, "given twice", "重复给出")
        if len(value) > longest:
            raise QueryInvalid(name, f"longer than {longest} characters", f"超过 {longest} 个字符")
        given[name] = value.strip()
    format_ = given.get("$resultFormat", "")
    if format_ not in ("", "dataArray", "default"):
        raise QueryInvalid("$resultFormat", "only dataArray is known", "只支持 dataArray")
    expand = _expansions(given.get("$expand", ""), depth)
    if depth == 0 and _count(expand) > most_expansions:
        raise QueryInvalid("$expand", f"more than {most_expansions} members", f"超过 {most_expansions} 项")
    return Options(
        filter=parse_expression(given["$filter"]) if "$filter" in given else None,
        orders=_orders(given.get("$orderby", "")),
        top=_number("$top", given["$top"]) if "$top" in given else None,
        skip=_number("$skip", given.get("$skip", "0"), largest_skip),
        count=_truth("$count", given.get("$count", "false")),
        select=_names(given.get("$select", "")),
        expand=expand,
        data_array=format_ == "dataArray",
        skip_token=given.get("$skiptoken", ""),
        raw=tuple((name, value) for name, value in given.items() if name not in ("$skip", "$skiptoken")),
    )


_KNOWN = frozenset(
    {"$filter", "$orderby", "$top", "$skip", "$count", "$select", "$expand", "$resultFormat", "$skiptoken"}
)


def _count(expand: Sequence[Expansion]) -> int:
    return sum(1 + _count(item.options.expand) for item in expand)


def _number(name: str, text: str, most: int = 999_999_999) -> int:
    if not _NUMBER.fullmatch(text):
        raise QueryInvalid(name, "a whole number, not negative, was expected", "应为非负整数")
    if int(text) > most:
        raise QueryInvalid(name, f"at most {most}; go on with @iot.nextLink", f"最多 {most},请用 @iot.nextLink 翻页")
    return int(text)


def _truth(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise QueryInvalid(name, "true or false was expected", "应为 true 或 false")
    return text == "true"


def _names(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    found = [part.strip() for part in text.split(",")]
    for name in found:
        if not _NAME.fullmatch(name):
            raise QueryInvalid("$select", f"{name[:40]!r} is no name", f"{name[:40]} 不是名称")
    if len(found) > most_names:
        raise QueryInvalid("$select", f"more than {most_names} names", f"超过 {most_names} 个")
    return tuple("id" if name == "@iot.id" else name for name in found)


def _orders(text: str) -> tuple[Order, ...]:
    if not text:
        return ()
    found = []
    for part in split_outside(text, ",", "$orderby"):
        words = part.strip()
        descending = words.lower().endswith(" desc")
        if descending or words.lower().endswith(" asc"):
            words = words.rsplit(None, 1)[0]
        found.append(Order(parse_expression(words, "$orderby"), descending))
    if len(found) > most_orders:
        raise QueryInvalid("$orderby", f"more than {most_orders} members", f"超过 {most_orders} 项")
    return tuple(found)


def _expansions(text: str, depth: int) -> tuple[Expansion, ...]:
    if not text:
        return ()
    if depth >= deepest:
        raise QueryInvalid("$expand", f"nested deeper than {deepest}", f"嵌套超过 {deepest} 层")
    parts = split_outside(text, ",", "$expand")
    found: dict[str, Expansion] = {}
    for part in parts:
        expansion = _expansion(part.strip(), depth)
        before = found.get(expansion.name)
        found[expansion.name] = expansion if before is None else _merged(before, expansion)
    return tuple(found.values())


def _expansion(text: str, depth: int) -> Expansion:
    path, opening, inside = text.partition("(")
    path = path.strip()
    if opening and not inside.endswith(")"):
        raise QueryInvalid("$expand", "“)” was expected", "缺少“)”")
    if not _WAY.fullmatch(path):
        raise QueryInvalid("$expand", f"{path[:40]!r} is no name", f"{path[:40]} 不是名称")
    names = path.split("/")
    if depth + len(names) > deepest:
        raise QueryInvalid("$expand", f"nested deeper than {deepest}", f"嵌套超过 {deepest} 层")
    pairs: list[tuple[str, str]] = []
    if opening:
        for part in split_outside(inside[:-1], ";", "$expand"):
            if part.strip():
                name, _, value = part.strip().partition("=")
                if not name.startswith("$"):
                    raise QueryInvalid("$expand", f"{name[:40]!r} is no option", f"{name[:40]} 不是选项")
                pairs.append((name.strip(), value))
    found = Expansion(names[-1], parse_options(pairs, depth + len(names)))
    for name in reversed(names[:-1]):
        found = Expansion(name, Options(expand=(found,), raw=(("$expand", text.partition("/")[2]),)))
    return found


def _merged(before: Expansion, after: Expansion) -> Expansion:
    """``$expand=Datastreams/Sensor,Datastreams/ObservedProperty``: the same member on two ways."""
    if _plain(before.options) and _plain(after.options):
        inner = {item.name: item for item in before.options.expand}
        for item in after.options.expand:
            inner[item.name] = _merged(inner[item.name], item) if item.name in inner else item
        raw = ",".join(dict(options.raw).get("$expand", "") for options in (before.options, after.options))
        return Expansion(before.name, Options(expand=tuple(inner.values()), raw=(("$expand", raw.strip(",")),)))
    raise QueryInvalid("$expand", f"{before.name} is expanded twice", f"{before.name} 重复展开")


def _plain(options: Options) -> bool:
    return all(name == "$expand" for name, _ in options.raw)


def split_outside(text: str, mark: str, where: str) -> Sequence[str]:
    """``text`` cut at ``mark`` where it stands neither in brackets nor in quotes.

    Raises:
        QueryInvalid: brackets or quotes do not close.
    """
    parts, begin, depth, quoted = [], 0, 0, False
    for at, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                break
        elif char == mark and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    if quoted or depth:
        raise QueryInvalid(where, "brackets or quotes do not close", "括号或引号没有成对")
    parts.append(text[begin:])
    return parts
