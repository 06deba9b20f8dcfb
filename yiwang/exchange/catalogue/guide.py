"""What the national guide asks of an entry (政务信息资源目录编制指南, 2017), and items generated from declared types. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from yiwang.exchange.catalogue.model import (
    CYCLES,
    FORMATS,
    SHARE_METHODS,
    SHARE_TYPES,
    STRUCTURED,
    Content,
    DataType,
    Item,
)
from yiwang.kernel.database import Json
from yiwang.kernel.errors import FieldError
from yiwang.registry.declarations import AttributeDeclaration, ThingType
from yiwang.registry.identifiers import FORMATS as IDENTIFIERS

CLASS_CODE = re.compile(r"[123][0-9]{2}[0-9]{3}[0-9A-Z]{0,14}")
_CREDIT_CODE_LENGTH = 18
_shortest_abstract = 6
_money = frozenset({"元", "万元", "亿元"})
_LENGTHS: Mapping[str, int] = {
    "date": 10,
    "date-time": 25,
    "credit-code": 18,
    "citizen-number": 18,
    "division-code": 12,
}


def items_of(declared: ThingType, names: Sequence[str] = ()) -> tuple[Item, ...]:
    """The items of a type: all attributes, or those named, in their order."""
    chosen = names or list(declared.attributes)
    return tuple(_item(name, declared.attributes[name]) for name in chosen if name in declared.attributes)


def _item(name: str, attribute: AttributeDeclaration) -> Item:
    schema = attribute.json_schema
    return Item(
        name_zh=attribute.names.zh,
        name_en=attribute.names.en,
        data_type=_data_type(schema, attribute.unit),
        length=_length(schema),
        attribute=name,
        personal=attribute.personal is not None,
        sealed=attribute.sealed,
    )


def _data_type(schema: Mapping[str, Json], unit: str) -> DataType:
    match schema.get("type"), schema.get("format"):
        case "boolean", _:
            return "L"
        case (("number" | "integer"), _):
            return "Y" if unit in _money else "N"
        case _, "date":
            return "D"
        case _, "date-time":
            return "T"
    return "C"


def _length(schema: Mapping[str, Json]) -> int:
    most = schema.get("maxLength")
    if isinstance(most, int):
        return most
    options = schema.get("enum")
    if isinstance(options, list) and options:
        return max(len(str(option)) for option in options)
    highest = schema.get("maximum")
    if isinstance(highest, int | float):
        return len(str(int(highest)))
    return _LENGTHS.get(str(schema.get("format")), 0)


def faults(content: Content, declared: ThingType | None) -> list[FieldError]:
    """Everything in which an entry falls short of the guide; ``declared``: the type that it names."""
    return [*_core(content), *_sharing(content), *_items(content, declared), *_listed(declared)]


def _listed(declared: ThingType | None) -> Iterator[FieldError]:
    """Entries that are read one by one for a stated purpose are in no catalogue."""
    if declared is not None and declared.authority is not None:
        yield _fault(
            "type",
            "须二人核准、按用途查看的名单不进入资源目录",
            "a list with second approval, read for a purpose only, is in no catalogue",
        )


def _fault(where: str, zh: str, en: str) -> FieldError:
    return FieldError(where=f"/{where}", code="resource.guide", zh=zh, en=en)


def _core(content: Content) -> Iterator[FieldError]:
    if not CLASS_CODE.fullmatch(content.class_code):
        yield _fault(
            "class_code",
            "信息资源分类应为类 1 位(1、2、3)、项 2 位、目 3 位,其后为细目",
            "the class is 1 digit (1, 2, 3) of class, 2 of item, 3 of sub-item, then the detail",
        )
    if not content.name_zh:
        yield _fault("name_zh", "请填写信息资源名称", "name the resource")
    if len(content.abstract_zh) < _shortest_abstract:
        yield _fault("abstract_zh", "请填写信息资源摘要(不少于六个字)", "write an abstract of at least six characters")
    code = content.provider_code
    if len(code) == _CREDIT_CODE_LENGTH and IDENTIFIERS["credit-code"][0](code) is None:
        yield _fault("provider_code", "提供方统一社会信用代码校验位不符", "the check digit of the credit code is wrong")
    if not code:
        yield _fault("provider_code", "请填写提供方代码", "give the provider's code")
    for name, value, known in (
        ("format", content.format, FORMATS),
        ("cycle", content.cycle, CYCLES),
        ("share_type", content.share_type, SHARE_TYPES),
        ("share_method", content.share_method, SHARE_METHODS),
    ):
        if value not in known:
            options = "、".join(f"{number} {words[0]}" for number, words in known.items())
            yield _fault(
                name, f"应为以下之一:{options}", "one of: " + ", ".join(f"{n} {w[1]}" for n, w in known.items())
            )


def _sharing(content: Content) -> Iterator[FieldError]:
    if content.share_type == 2 and not content.share_condition:
        yield _fault("share_condition", "有条件共享须写明共享条件", "say on which condition it is shared")
    if content.share_type == 3 and not content.share_condition:
        yield _fault("share_condition", "不予共享须写明法律依据", "name the law by which it is not shared")
    if content.open and content.share_type == 3:
        yield _fault("open", "不予共享的资源不能向社会开放", "what is not shared cannot be opened to the public")
    if content.open and content.level != "general":
        yield _fault(
            "open", "重要数据、核心数据不能向社会开放", "important and core data cannot be opened to the public"
        )
    if content.share_type == 1 and content.level == "core":
        yield _fault("share_type", "核心数据不能无条件共享", "core data cannot be shared unconditionally")


def _items(content: Content, declared: ThingType | None) -> Iterator[FieldError]:
    if content.format in STRUCTURED and not content.items:
        yield _fault("items", "结构化资源须列明信息项", "a structured resource lists its items")
    if content.type is not None and declared is None:
        yield _fault("type", f"没有登记类型“{content.type}”", f"there is no type “{content.type}”")
    seen: set[str] = set()
    for index, item in enumerate(content.items):
        if item.name_zh in seen:
            yield _fault(
                f"items/{index}", f"信息项“{item.name_zh}”重复", f"the item “{item.name_zh}” stands there twice"
            )
        seen.add(item.name_zh)
        if item.attribute and (declared is None or item.attribute not in declared.attributes):
            yield _fault(
                f"items/{index}/attribute",
                f"登记类型中没有字段“{item.attribute}”",
                f"the type has no attribute “{item.attribute}”",
            )
    if content.open and content.items and all(item.personal or item.sealed for item in content.items):
        yield _fault(
            "open", "信息项全为个人信息或加密字段,没有可开放的内容", "all items are personal or sealed: nothing to open"
        )


def as_declared(items: Sequence[Item], declared: ThingType | None) -> tuple[Item, ...]:
    """Items with what the type says of their attribute: nobody can declare a personal item to be none."""
    if declared is None:
        return tuple(items)
    return tuple(
        replace(item, personal=known.personal is not None, sealed=known.sealed)
        if (known := declared.attributes.get(item.attribute)) is not None
        else item
        for item in items
    )
