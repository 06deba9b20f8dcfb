"""Compares a city's files with what is published: what changes, what it touches, and what would be lost. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import orjson

from yiwang.casework.declarations import CaseTypeDeclaration, ClassTree
from yiwang.flow.bpmn.elements import text_of
from yiwang.flow.errors import FlowRefused, FlowUnreadable
from yiwang.flow.service.definitions import digest_of as flow_digest
from yiwang.flow.versions.comparing import compare_files
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import FieldError
from yiwang.packs.findings import shown
from yiwang.packs.loaded import City
from yiwang.packs.upgrading import store
from yiwang.packs.upgrading.moves import Change, Line, Move, PackMove, Survey, as_installed
from yiwang.packs.upgrading.store import InstalledPack, StoredType
from yiwang.packs.versions import newer
from yiwang.registry.declarations import ThingType

_TOLD = 12
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class _Published:
    """What is in force in the database."""

    packs: dict[str, InstalledPack]
    cases: dict[str, JsonObject]
    running: dict[str, int]
    flows: dict[str, tuple[int, str, str]]
    types: dict[str, StoredType]


async def survey(connection: Connection, city: City) -> Survey:
    """What publishing ``city`` would do to its packs."""
    there = _Published(
        await store.installed(connection),
        await store.case_types(connection),
        await store.open_cases(connection),
        await store.flows(connection),
        await store.types(connection),
    )
    if not there.packs and not there.cases and not there.types:
        return Survey(tuple(_moves(city, there)), (), (), first=True)
    types = [
        replace(change, records=await store.records(connection, change.id)) if change.what != "new" else change
        for change in _types(city, there)
    ]
    changes = [*_cases(city, there), *_flows(city, there), *types]
    losses = [
        *_left_cases(city, there),
        *[loss for item in there.types.values() for loss in await _lost_of_type(connection, city, item)],
    ]
    return Survey(tuple(_moves(city, there)), tuple(changes), tuple(losses), first=False)


def _moves(city: City, there: _Published) -> Iterator[PackMove]:
    for pack in city.packs:
        new, before = as_installed(city, pack), there.packs.get(pack.id)
        move = _move(before, new)
        if move is not None:
            names = pack.file.value.names
            yield PackMove(pack.id, names.zh, names.en, move, before.version if before else None, new.version)
    here = {pack.id for pack in city.packs}
    for one in there.packs.values():
        if one.id not in here and one.standing != "left":
            yield PackMove(one.id, str(one.declared["zh"]), str(one.declared["en"]), "left", one.version, None)


def _move(before: InstalledPack | None, new: InstalledPack) -> Move | None:
    if before is None:
        return "new"
    if before.standing != new.standing:
        return "retired" if new.standing == "retired" else "back"
    if newer(new.version, before.version):
        return "upgraded"
    if newer(before.version, new.version):
        return "downgraded"
    return None if new.digest == before.digest else "edited"


# -- case types and flows --------------------------------------------------------------------------------------------------


def _cases(city: City, there: _Published) -> Iterator[Change]:
    declared: set[str] = set()
    trees = {tree.value.id: tree.value for pack in city.packs for tree in pack.classes}
    for pack in city.packs:
        for case in pack.cases:
            declared.add(case.value.id)
            before = there.cases.get(case.value.id)
            running = there.running.get(case.value.id, 0)
            if before is None and city.runs(pack):
                yield Change(pack.id, "case", case.value.id, "new", (), running)
            elif before is not None and not city.runs(pack):
                line = Line("不再受理,已受理的照常办完", "takes no new cases; those that run are finished")
                yield Change(pack.id, "case", case.value.id, "gone", (line,), running)
            elif before is not None:
                lines = _told(_case_lines(before, case.value, trees.get(case.value.classes)))
                if lines:
                    yield Change(pack.id, "case", case.value.id, "changed", lines, running)
    for id in sorted(there.cases.keys() - declared):
        line = Line("不再受理", "takes no new cases")
        yield Change(_pack_of(id, there), "case", id, "gone", (line,), there.running.get(id, 0))


def _case_lines(before: JsonObject, case: CaseTypeDeclaration, tree: ClassTree | None) -> Iterator[Line]:
    # Through the model, so that what this version of the program adds to every declaration is no change of the pack.
    old: JsonObject = CaseTypeDeclaration.model_validate(before["declaration"]).model_dump(mode="json", by_alias=True)
    new: JsonObject = case.model_dump(mode="json", by_alias=True)
    for key, zh, en in (("channels", "渠道", "channel"), ("fields", "字段", "field")):
        # Channels that the city keeps closed are not in what was published.
        yield from _members(_object(old.get(key)), _object(new.get(key)), zh, en, only_new=key != "channels")
    texts = (("flow", "流程", "flow"), ("number", "编号规则", "number pattern"), ("classes", "分类目录", "class tree"))
    for key, zh, en in texts:
        if old.get(key) != new.get(key):
            yield Line(f"{zh}由 {old.get(key)} 改为 {new.get(key)}", f"{en} {old.get(key)} became {new.get(key)}")
    if tree is not None:
        was = ClassTree.model_validate(before["classes"])
        both = [{one.code: one.model_dump(mode="json", by_alias=True) for one in each.classes} for each in (was, tree)]
        yield from _members(both[0], both[1], "分类", "class")


def _members(
    old: Mapping[str, Json], new: Mapping[str, Json], zh: str, en: str, *, only_new: bool = True
) -> Iterator[Line]:
    for key in new.keys() - old.keys() if only_new else ():
        yield Line(f"新增{zh} {key}", f"new {en} {key}")
    for key in sorted(old.keys() - new.keys()):
        yield Line(f"取消{zh} {key}", f"{en} {key} is gone")
    changed = [key for key in new if key in old and old[key] != new[key]]
    if changed:
        names = ", ".join(sorted(changed)[:_TOLD])
        yield Line(f"{zh}有改动:{names}", f"{en}s that changed: {names}")


def _flows(city: City, there: _Published) -> Iterator[Change]:
    used: dict[str, int] = {}
    for pack in city.packs:
        for case in pack.cases:
            used[case.value.flow] = used.get(case.value.flow, 0) + there.running.get(case.value.id, 0)
    for pack in city.packs:
        for flow in pack.flows:
            before = there.flows.get(flow.key)
            if before is None or flow.key not in used or before[1] == flow_digest(text_of(flow.xml)):
                continue
            try:
                found = compare_files(before[2], flow.xml, flow.key).changes
            except (FlowRefused, FlowUnreadable):  # one of them is a drawing of a person that is not sound yet
                found = ()
            lines = _told(Line(one.words.zh, one.words.en) for one in found)
            yield Change(pack.id, "flow", flow.key, "changed", lines, used[flow.key])


def _left_cases(city: City, there: _Published) -> Iterator[FieldError]:
    """Running cases whose pack the city no longer has: nobody would hold the posts and roles of their steps."""
    here = {pack.id for pack in city.packs}
    declared = {case.value.id for pack in city.packs for case in pack.cases}
    for id in sorted(there.running.keys() - declared):
        pack, running = _pack_of(id, there), there.running[id]
        if pack not in here:
            # What an older version of the program published is not known by its pack.
            name_zh, name_en = (pack, pack) if pack != _UNKNOWN else ("声明它的应用包", "the pack that declares it")
            yield FieldError(
                where=f"{shown(city.file.source.path)}:{city.file.source.place(('packs',)).line}",
                code="packs.cases_running",
                zh=f"{id}({name_zh})还有 {running} 件在办;请在 city.yaml 写 retired: [{name_zh}],办完后再移除",
                en=f"{running} cases of {id} ({name_en}) are running; write retired: [{name_en}] until they are finished",
            )


def _pack_of(case_type: str, there: _Published) -> str:
    for one in there.packs.values():
        if case_type in _list(one.declared.get("case_types")):
            return one.id
    return _UNKNOWN


# -- types of things -------------------------------------------------------------------------------------------------------


def _types(city: City, there: _Published) -> Iterator[Change]:
    declared: set[str] = set()
    for pack in city.packs:
        for item in pack.types:
            declared.add(item.value.id)
            before = there.types.get(item.value.id)
            if before is None:
                yield Change(pack.id, "type", item.value.id, "new", ())
                continue
            lines = _told(_type_lines(before.declaration, item.value)) if city.runs(pack) else ()
            if lines:
                yield Change(pack.id, "type", item.value.id, "changed", lines)
            elif not city.runs(pack) and _in_use(pack.id, there):
                line = Line("只能查阅", "can only be read")
                yield Change(pack.id, "type", item.value.id, "gone", (line,))
    for stored in there.types.values():
        if stored.id not in declared:
            yield Change(stored.pack, "type", stored.id, "gone", ())


def _in_use(pack: str, there: _Published) -> bool:
    """Whether the city has used the pack until now."""
    before = there.packs.get(pack)
    return before is None or before.standing == "here"


def _type_lines(before: JsonObject, new: ThingType) -> Iterator[Line]:
    wanted: JsonObject = new.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    plain = {key: value for key, value in before.items() if key != "order"}
    old: JsonObject = ThingType.model_validate(plain).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    yield from _members(_object(old.get("attributes")), _object(wanted.get("attributes")), "字段", "attribute")
    yield from _members(_object(old.get("relations")), _object(wanted.get("relations")), "关系", "relation")
    rest = [
        key
        for key in sorted(old.keys() | wanted.keys())
        if key not in ("attributes", "relations") and _text(old.get(key)) != _text(wanted.get(key))
    ]
    if rest:
        yield Line(f"有改动:{', '.join(rest)}", f"changed: {', '.join(rest)}")


async def _lost_of_type(connection: Connection, city: City, before: StoredType) -> list[FieldError]:
    """What could no longer be read of the records of a type."""
    item = next((item for pack in city.packs for item in pack.types if item.value.id == before.id), None)
    if item is None:
        count = await store.records(connection, before.id)
        return [_lost_type(city, before, count)] if count else []
    source, new = item.source, item.value
    losses = []
    for name, became in _lost_attributes(before.declaration, new):
        count = await store.records_with(connection, before.id, name)
        if count:
            place = source.key_place(("attributes", name) if name in new.attributes else ("attributes",))
            losses.append(
                FieldError(
                    where=f"{shown(source.path)}:{place.line}",
                    code="packs.values_there",
                    zh=f"{before.id} 的字段 {name} {became.zh},而 {count} 条记录有值;请保留,或在 older 写明改名(renamed)或"
                    "不再要(dropped)",
                    en=f"the attribute {name} of {before.id} {became.en}, yet {count} records hold it; keep it, or say under "
                    "older that it is renamed or dropped",
                )
            )
    if before.declaration.get("geometry", "none") != "none" and new.geometry == "none":
        count = await store.records_on_map(connection, before.id)
        if count:
            losses.append(
                FieldError(
                    where=f"{shown(source.path)}:{source.place(('geometry',)).line}",
                    code="packs.places_there",
                    zh=f"{before.id} 不再有位置,而 {count} 条记录有;请保留 geometry",
                    en=f"{before.id} has no place any more, yet {count} records have; keep its geometry",
                )
            )
    return losses


def _lost_type(city: City, before: StoredType, count: int) -> FieldError:
    """A type with records that no pack declares any more."""
    here = next((pack for pack in city.packs if pack.id == before.pack), None)
    source = city.file.source if here is None else here.file.source
    way = f"retired: [{before.pack}]" if here is None else f"types/{before.id}.yaml"
    return FieldError(
        where=f"{shown(source.path)}:{source.place(('packs',) if here is None else ()).line}",
        code="packs.records_there",
        zh=f"{before.pack} 的 {before.id} 有 {count} 条记录,移除后将无法查阅;请保留 {way}",
        en=f"{before.id} of {before.pack} has {count} records that could not be read; keep {way}",
    )


def _lost_attributes(before: JsonObject, new: ThingType) -> Iterator[tuple[str, Line]]:
    """Attributes that are gone or of another kind, unless ``older`` says what becomes of them; and what became of them."""
    excused = {name for older in new.older for name in [*older.renamed, *older.dropped]}
    for name, was in _object(before.get("attributes")).items():
        now = new.attributes.get(name)
        if name in excused:
            continue
        if now is None:
            yield name, Line("没有了", "is gone")
            continue
        kind, other = _kind(_object(was).get("schema")), _kind(now.json_schema)
        if kind is not None and other is not None and kind != other:
            yield name, Line(f"由 {kind} 改成 {other}", f"was {kind} and is {other}")


# -- words -----------------------------------------------------------------------------------------------------------------


def _told(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The first of them, and how many more there are."""
    found = list(lines)
    if len(found) <= _TOLD:
        return tuple(found)
    more = len(found) - _TOLD
    return (*found[:_TOLD], Line(f"……另有 {more} 处", f"… {more} more"))


def _kind(schema: Json) -> str | None:
    found = _object(schema).get("type")
    return found if isinstance(found, str) else None


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _text(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
