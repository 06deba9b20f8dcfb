"""``multiInstanceLoopCharacteristics``: an activity once for each person or element, or a number of times (多实例)."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.flow.bpmn.elements import Element
from yiwang.flow.bpmn.expressions import read_question
from yiwang.flow.bpmn.extensions import Extensions
from yiwang.flow.bpmn.findings import Findings
from yiwang.flow.bpmn.refusing import check_parts, refuse
from yiwang.flow.bpmn.steps import is_count, read_sign
from yiwang.flow.bpmn.vocabulary import REFUSED_USES
from yiwang.flow.model import Condition, Multi, Outcome, Value, most_instances
from yiwang.kernel.database import Json

_EXAMPLE: Mapping[str, Json] = {"total": 3, "done": 1, "open": 2}


def read_multi(
    activity: Element, own: Extensions, findings: Findings, outcomes: Mapping[str, Outcome] | None = None
) -> Multi | None:
    """The rounds of an activity; None when it is done once. ``outcomes``: of a user task, which alone may be signed."""
    holders = activity.bpmn("multiInstanceLoopCharacteristics")
    for extra in holders[1:]:
        refuse(findings, extra, activity.id, REFUSED_USES["behavior"])
    if not holders:
        if own.all("sign"):
            own.fault(
                "sign_misplaced",
                activity,
                "yiwang:sign 只用于多实例的任务",
                "yiwang:sign is for tasks that several people do (multi-instance)",
            )
        return None
    holder = holders[0]
    check_parts(findings, holder, activity.id)
    if holder.get("behavior", "All") != "All":
        refuse(findings, holder, activity.id, REFUSED_USES["behavior"])
    extensions = Extensions(holder, findings, activity.id)
    settings = extensions.one("multi")
    people = _people(extensions, settings, for_people=outcomes is not None)
    items = _items(extensions, settings)
    times = _times(extensions, holder)
    if sum(source is not None for source in (people, items, times)) != 1:
        extensions.fault(
            "multi_invalid",
            holder,
            "多实例要写明对谁或几次:yiwang:multi 的 people、items 或 loopCardinality,三者之一",
            "multi-instance needs one of: people or items of yiwang:multi, or loopCardinality",
        )
    item = extensions.variable(settings, "item", settings.get("item", "item").strip()) if settings else "item"
    return Multi(
        sequential=holder.flag("isSequential"),
        people=people,
        items=items,
        times=times,
        item=item,
        until=_until(extensions, holder, outcomes or {}),
        sign=read_sign(own) if outcomes is not None else None,
    )


def _until(extensions: Extensions, holder: Element, outcomes: Mapping[str, Outcome]) -> Condition | None:
    found = holder.bpmn("completionCondition")
    if not found:
        return None
    tally: dict[str, Json] = dict.fromkeys(outcomes, 0)
    return read_question(extensions, found[0], found[0].text, {**_EXAMPLE, "tally": tally})


def _people(extensions: Extensions, settings: Element | None, *, for_people: bool) -> Value | None:
    people = extensions.value(settings, "people") if settings is not None else None
    if people is None or settings is None:
        return None
    if not for_people:
        extensions.invalid(
            settings, "people 只用于用户任务,其他活动用 items", "people is for user tasks; other activities use items"
        )
    if people.variable is None and people.text != "holders":
        extensions.invalid(
            settings,
            "people 应是 holders(岗位的所有人员)或 =列表变量",
            "people must be holders (everybody who holds the posts) or =variable with a list",
        )
    return people


def _items(extensions: Extensions, settings: Element | None) -> Value | None:
    items = extensions.value(settings, "items") if settings is not None else None
    if items is not None and settings is not None and items.variable is None:
        extensions.invalid(settings, "items 应是 =列表变量", "items must be =variable with a list")
    return items


def _times(extensions: Extensions, holder: Element) -> Value | None:
    found = holder.bpmn("loopCardinality")
    if not found:
        return None
    times = extensions.value_of(found[0], "loopCardinality", found[0].text) or Value()
    if times.variable is None and not is_count(times.text):
        extensions.invalid(
            found[0],
            f"loopCardinality“{times.text[:20]}”应是 1 到 {most_instances} 的数或 =变量",
            f"loopCardinality “{times.text[:20]}” must be a number from 1 to {most_instances}, or =variable",
        )
    return times
