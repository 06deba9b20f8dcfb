"""Grants in roles: kind and verbs must be ones that some engine asks for, or the grant would silently give nothing."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.casework.rules import VERBS
from yiwang.identity.separation import COMMON, RESERVED, SYSTEM_ALSO, check_role
from yiwang.insight.appeals import GRANTS as APPEAL_GRANTS
from yiwang.kernel.errors import Problem
from yiwang.packs.findings import Findings, suggestion
from yiwang.packs.loader import Loaded
from yiwang.packs.model.pack import RolesFile

CASE_VERBS = frozenset({"read", "report", "read_personal", "import"}) | {rule.grant for rule in VERBS.values()}
TASK_VERBS = frozenset({"read", "assign", "complete_any", "extend"})
SCORE_VERBS = frozenset({"read", "export", "recompute"})
"""What scoring asks for: seeing scores, taking them along, having them reckoned anew."""
FLOW_VERBS: Mapping[str, frozenset[str]] = {
    "definition": frozenset({"edit", "publish"}),
    "instance": frozenset({"start", "read", "manage"}),
    "message": frozenset({"send"}),
    "work": frozenset({"do"}),
}
"""What flow asks for: drawing flows and tables; flows that are their own subject; what other systems send and do."""


def known_verbs() -> dict[str, frozenset[str]]:
    """Kind of thing → verbs that engines ask for; ``*`` among them where any verb may be asked."""
    known: dict[str, frozenset[str]] = {"case": CASE_VERBS | APPEAL_GRANTS, "task": TASK_VERBS, "score": SCORE_VERBS}
    tables: list[Mapping[str, frozenset[str]]] = [*RESERVED.values(), COMMON, SYSTEM_ALSO, FLOW_VERBS]
    for table in tables:
        for kind, verbs in table.items():
            known[kind] = known.get(kind, frozenset()) | verbs
    return known


def check_grants(roles: Loaded[RolesFile], findings: Findings) -> None:
    """Every grant of every role, and whether the role's class may have it."""
    known = known_verbs()
    for index, role in enumerate(roles.value.roles):
        try:
            check_role(role)
        except Problem as problem:
            reason = {"reason_zh": problem.message("zh"), "reason_en": problem.message("en")}
            findings.add(roles.source.place(("roles", index)), "pack.role_verb", **reason)
        for number, grant in enumerate(role.grants):
            trail = ("roles", index, "grants", number)
            if grant.kind not in known:
                zh, en = suggestion(grant.kind, known)
                place = roles.source.place((*trail, "kind"))
                findings.add(place, "pack.grant_kind", kind=grant.kind, hint_zh=zh, hint_en=en)
                continue
            for at, verb in enumerate(grant.verbs):
                if verb != "*" and verb not in known[grant.kind] and "*" not in known[grant.kind]:
                    zh, en = suggestion(verb, known[grant.kind])
                    place = roles.source.place((*trail, "verbs", at))
                    findings.add(place, "pack.grant_verb", kind=grant.kind, verb=verb, hint_zh=zh, hint_en=en)
