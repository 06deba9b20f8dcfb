"""What changed between two versions of a table, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from yiwang.flow.decisions.model import Document, Input, Output, Rule, Table
from yiwang.flow.model import Names

most_told = 500


def differences(old: Document, new: Document) -> tuple[Names, ...]:
    """Each change as a sentence, in the order of the table's parts; at most 500. Empty when nothing changed."""
    found: list[Names] = []
    for change in _changes(old, new):
        if len(found) == most_told:
            found.append(Names("……还有更多变化", "… and more"))
            break
        found.append(change)
    return tuple(found)


def _changes(old: Document, new: Document) -> Iterator[Names]:
    before, after = old.table, new.table
    if before.names != after.names:
        zh = f"名称由“{before.names.zh}”改为“{after.names.zh}”"
        yield Names(zh, f"the name “{before.names.en}” is now “{after.names.en}”")
    if before.hit is not after.hit:
        was, now = before.hit, after.hit
        zh = f"命中策略由 {was.value}({was.names.zh})改为 {now.value}({now.names.zh})"
        yield Names(zh, f"the hit policy {was.value} ({was.names.en}) is now {now.value} ({now.names.en})")
    yield from _inputs(before.inputs, after.inputs)
    yield from _outputs(before.outputs, after.outputs)
    yield from _rules(before, after)
    if old.examples != new.examples:
        counts = f"{len(old.examples)} → {len(new.examples)}"
        yield Names(f"样例有变化({counts} 个)", f"the examples changed ({counts})")
    if old.kept != new.kept:
        yield Names("DMN 文件的其他部分有变化", "other parts of the DMN file changed")


def _inputs(old: Sequence[Input], new: Sequence[Input]) -> Iterator[Names]:
    before = {column.id: column for column in old}
    after = {column.id: column for column in new}
    for name, column in before.items():
        if name not in after:
            yield Names(f"删除输入列“{column.label.zh}”", f"the input “{column.label.en}” is gone")
    for name, column in after.items():
        was = before.get(name)
        if was is None:
            yield Names(f"新增输入列“{column.label.zh}”", f"the input “{column.label.en}” is new")
            continue
        for what_zh, what_en, one, other in (
            ("标签", "label", was.label.zh, column.label.zh),
            ("表达式", "expression", was.expression, column.expression),
            ("类型", "type", was.kind, column.kind),
            ("取值", "allowed values", was.allowed, column.allowed),
        ):
            if one != other:
                yield _changed(
                    f"输入列“{column.label.zh}”的{what_zh}", f"{what_en} of the input “{column.label.en}”", one, other
                )
    yield from _order("输入列", "inputs", list(before), list(after))


def _outputs(old: Sequence[Output], new: Sequence[Output]) -> Iterator[Names]:
    before = {column.name: column for column in old}
    after = {column.name: column for column in new}
    for name, column in before.items():
        if name not in after:
            yield Names(f"删除输出列“{column.label.zh}”", f"the output “{column.label.en}” is gone")
    for name, column in after.items():
        was = before.get(name)
        if was is None:
            yield Names(f"新增输出列“{column.label.zh}”", f"the output “{column.label.en}” is new")
            continue
        for what_zh, what_en, one, other in (
            ("标签", "label", was.label.zh, column.label.zh),
            ("类型", "type", was.kind, column.kind),
            ("取值", "allowed values", was.allowed, column.allowed),
            ("默认值", "default", was.default, column.default),
        ):
            if one != other:
                yield _changed(
                    f"输出列“{column.label.zh}”的{what_zh}", f"{what_en} of the output “{column.label.en}”", one, other
                )
    yield from _order("输出列", "outputs", list(before), list(after))


def _order(zh: str, en: str, old: list[str], new: list[str]) -> Iterator[Names]:
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield Names(f"{zh}的顺序有变化", f"the order of the {en} changed")


def _rules(old: Table, new: Table) -> Iterator[Names]:
    """Rules are followed by their ids; where ids are only numbers of rows, by what they say."""
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    if [column.id for column in old.inputs] != [column.id for column in new.inputs]:
        shared = before.keys() & after.keys()
        yield Names(
            f"列有变化,规则 {len(before)} 条变为 {len(after)} 条(同名 {len(shared)} 条)",
            f"the columns changed; {len(before)} rules became {len(after)}, {len(shared)} of the same id",
        )
        return
    matcher = SequenceMatcher(
        None, [_said(rule) for rule in old.rules], [_said(rule) for rule in new.rules], autojunk=False
    )
    gone: dict[str, Rule] = {}
    come: dict[str, Rule] = {}
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            gone |= {rule.id: rule for rule in old.rules[a:b]}
            come |= {rule.id: rule for rule in new.rules[c:d]}
    said = {_said(rule) for rule in come.values()} & {_said(rule) for rule in gone.values()}
    moved = {key for key, rule in gone.items() if _said(rule) in said}
    for key, rule in gone.items():
        if key in moved:
            yield Names(f"规则 {key} 换了位置", f"rule {key} moved")
        elif key in come:
            yield from _rule(old, new, rule, come[key])
        else:
            yield Names(f"删除规则 {key}:{_row(old, rule)}", f"rule {key} is gone: {_row(old, rule)}")
    for key, rule in come.items():
        if key not in gone and _said(rule) not in said:
            yield Names(f"新增规则 {key}:{_row(new, rule)}", f"rule {key} is new: {_row(new, rule)}")


def _rule(old: Table, new: Table, before: Rule, after: Rule) -> Iterator[Names]:
    for column, one, other in zip(new.inputs, before.inputs, after.inputs, strict=True):
        if one != other:
            yield _changed(
                f"规则 {after.id} 的“{column.label.zh}”", f"“{column.label.en}” of rule {after.id}", one, other
            )
    was = {column.name: text for column, text in zip(old.outputs, before.outputs, strict=True)}
    for output, text in zip(new.outputs, after.outputs, strict=True):
        if was.get(output.name, "") != text:
            zh, en = f"规则 {after.id} 的“{output.label.zh}”", f"“{output.label.en}” of rule {after.id}"
            yield _changed(zh, en, was.get(output.name, ""), text)
    if before.annotation != after.annotation:
        yield _changed(
            f"规则 {after.id} 的理由", f"the reason of rule {after.id}", before.annotation.zh, after.annotation.zh
        )


def _said(rule: Rule) -> tuple[tuple[str, ...], tuple[str, ...], Names]:
    return rule.inputs, rule.outputs, rule.annotation


def _row(table: Table, rule: Rule) -> str:
    cells = [f"{column.id} {text}" for column, text in zip(table.inputs, rule.inputs, strict=True) if text != "-"]
    answers = [f"{column.name} = {text}" for column, text in zip(table.outputs, rule.outputs, strict=True) if text]
    return f"{', '.join(cells) or '-'} → {', '.join(answers) or '-'}"


def _changed(zh: str, en: str, old: str, new: str) -> Names:
    was, now = old or "空", new or "空"
    return Names(f"{zh}由 {was} 改为 {now}", f"{en}: {old or 'nothing'} became {new or 'nothing'}")
