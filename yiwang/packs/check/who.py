"""Who may take a step (办理人规则), as far as packs and cities can tell: roles, kinds of post, leaders above an organisation.

Rules of steps and those of their escalations (超时升级) alike. What depends on a running case's variables is judged by
whether anything in the city could answer at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from yiwang.flow.assignment import leader_post
from yiwang.flow.model import UserTask, Who
from yiwang.identity.separation import ADMINISTRATOR_POSTS, ADMINISTRATORS
from yiwang.packs.check.references import post_kinds, unknown
from yiwang.packs.findings import Findings, suggestion
from yiwang.packs.flows import FlowFile
from yiwang.packs.loaded import City, Pack

if TYPE_CHECKING:
    from yiwang.packs.check.flows import Offices


def check_who(flow: FlowFile, reach: Sequence[Pack], findings: Findings) -> None:
    """Roles and kinds of post that the rules of a flow name, against what the packs within reach declare."""
    roles = {role.code for role in ADMINISTRATORS} | {
        role.code for pack in reach if pack.roles is not None for role in pack.roles.value.roles
    }
    posts = post_kinds(reach)
    brought = _kinds_by_role(reach)
    for task, who in _rules(flow):
        place = flow.place(task.id)
        if who.role and who.role not in roles:
            zh, en = suggestion(who.role, roles)
            findings.add(place, "flow.role_unknown", element=task.id, role=who.role, hint_zh=zh, hint_en=en)
        elif who.role and who.role not in brought:
            findings.add(place, "flow.role_without_post", element=task.id, role=who.role)
        post = _post_of(who)
        if post and post not in posts and not (who is task.who and who.post):  # a step's own post is told elsewhere
            zh, en = suggestion(post, posts)
            findings.add(place, "flow.post_unknown", element=task.id, post=post, hint_zh=zh, hint_en=en)


def check_who_in_city(city: City, offices: Offices, findings: Findings) -> None:
    """Whether the city has posts for the roles, leaders and escalations that the flows of its packs name."""
    brought = _kinds_by_role(city.packs)
    for flow in (flow for pack in city.packs for flow in pack.flows):
        for task, who in _rules(flow):
            if who.role:
                _check_role(city, offices, flow, task, who, brought.get(who.role, frozenset()), findings)
            if who.manager is not None:
                _check_manager(city, offices, flow, task, who, findings)
            elif who.post and who is not task.who and not offices.with_post(who.post):
                _nobody(city, flow, task, who.post, findings)


def _rules(flow: FlowFile) -> Iterator[tuple[UserTask, Who]]:
    """Every rule of a flow with the step to which it belongs."""
    for task in flow.graph.tasks if flow.graph is not None else ():
        yield task, task.who
        for overtime in task.overtimes:
            if overtime.who is not None:
                yield task, overtime.who


def _post_of(who: Who) -> str:
    return who.post or (leader_post if who.manager is not None else "")


def _kinds_by_role(packs: Sequence[Pack]) -> dict[str, frozenset[str]]:
    """The kinds of post that bring each role."""
    declared = [post for pack in packs if pack.roles is not None for post in pack.roles.value.posts]
    pairs = {(role, post.code) for post in (*declared, *ADMINISTRATOR_POSTS) for role in post.roles}
    return {role: frozenset(code for name, code in pairs if name == role) for role in {name for name, _ in pairs}}


def _check_role(
    city: City,
    offices: Offices,
    flow: FlowFile,
    task: UserTask,
    who: Who,
    kinds: frozenset[str],
    findings: Findings,
) -> None:
    code = _named_organisation(city, offices, flow, task, who, findings)
    if code is None or not kinds:  # unknown organisation, or a role without posts: told already
        return
    if not any(offices.has_post(code, kind) if code else offices.with_post(kind) for kind in kinds):
        zh, en = _names(offices, code)
        findings.add(
            flow.place(task.id), "city.no_role",
            city=city.id, element=task.id, role=who.role, posts=", ".join(sorted(kinds)),
            organisation_zh=zh, organisation_en=en,
        )  # fmt: skip


def _named_organisation(
    city: City, offices: Offices, flow: FlowFile, task: UserTask, who: Who, findings: Findings
) -> str | None:
    """The organisation that the rule names outright, "" where a variable or nothing says which, None for an unknown one."""
    value = who.manager if who.manager is not None else who.organisation
    if value is None or value.variable is not None:
        return ""
    if value.text in offices.all:
        return value.text
    unknown(findings, flow.place(task.id), (f"{city.id} 的机构", f"organisation of {city.id}"), value.text, offices.all)
    return None


def _check_manager(city: City, offices: Offices, flow: FlowFile, task: UserTask, who: Who, findings: Findings) -> None:
    post = _post_of(who)
    code = _named_organisation(city, offices, flow, task, who, findings)
    if code is None:
        return
    if not offices.with_post(post):
        _nobody(city, flow, task, post, findings)
        return
    asked = [code] if code else [entry.code for entry in offices.all.values() if entry.posts]
    without = [one for one in asked if not any(offices.has_post(above, post) for above in _upwards(offices, one))]
    if without:
        zh, en = _names(offices, without[0])
        findings.add(
            flow.place(task.id), "city.no_manager",
            city=city.id, element=task.id, post=post, organisation_zh=zh, organisation_en=en, count=len(without),
        )  # fmt: skip


def _upwards(offices: Offices, code: str) -> Iterator[str]:
    above: str | None = code
    while above is not None:
        yield above
        above = offices.parents.get(above)


def _names(offices: Offices, code: str) -> tuple[str, str]:
    entry = offices.all.get(code)
    return (entry.names.zh, entry.names.en) if entry is not None else ("全市", "the city")


def _nobody(city: City, flow: FlowFile, task: UserTask, post: str, findings: Findings) -> None:
    findings.add(
        flow.place(task.id), "city.no_post",
        city=city.id, element=task.id, post=post, organisation_zh="全市", organisation_en="the city",
    )  # fmt: skip
