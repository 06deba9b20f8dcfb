"""Resources of the catalogue: whether their type and items exist within reach, and the entry fits the national guide."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.exchange.catalogue import guide
from yiwang.exchange.catalogue.keeping import declared_content
from yiwang.packs.check.references import needed, unknown
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Pack

_KEYS: Mapping[str, tuple[str, ...]] = {
    "class_code": ("class",),
    "name_zh": ("names",),
    "abstract_zh": ("abstract",),
    "share_condition": ("sharing", "condition"),
    "share_type": ("sharing", "type"),
    "open": ("opening", "open"),
    "items": ("items",),
}
"""Where in the file a part of the entry stands."""


def check_resources(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """The resources of one pack, which may name types of the packs that it needs."""
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    known = {item.value.id: item.value for other in reach for item in other.types}
    for item in pack.resources:
        declared = item.value
        kind = known.get(declared.type) if declared.type is not None else None
        if declared.type is not None and kind is None:
            unknown(findings, item.source.place(("type",)), ("登记类型", "type"), declared.type, sorted(known))
            continue
        strange = [name for name in declared.items if kind is None or name not in kind.attributes]
        for name in strange:
            place = item.source.place(("items", declared.items.index(name)))
            unknown(findings, place, ("字段", "attribute"), name, sorted(kind.attributes) if kind is not None else [])
        if strange:
            continue
        for fault in guide.faults(declared_content(declared, kind, "provider"), kind):
            trail = _KEYS.get(fault.where.split("/")[1], ("id",))
            findings.add(item.source.place(trail), "resource.guide", zh=fault.zh, en=fault.en)
