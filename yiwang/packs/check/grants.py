"""Grants in roles: kind and verbs must be ones that some engine asks for, or the grant would silently give nothing."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.casework.notices import GRANTS as NOTICE_GRANTS
from yiwang.casework.rules import VERBS
from yiwang.documents.model import GRANTS as DOCUMENT_GRANTS
from yiwang.documents.model import KIND as DOCUMENT
from yiwang.exchange.catalogue.model import KIND as RESOURCE
from yiwang.exchange.sharing.model import KIND as SHARE
from yiwang.identity.separation import COMMON, RESERVED, SYSTEM_ALSO, check_role
from yiwang.insight.appeals import GRANTS as APPEAL_GRANTS
from yiwang.kernel.errors import Problem
from yiwang.matching.model import GRANTS as MATCH_GRANTS
from yiwang.matching.model import KIND as MATCH
from yiwang.packs.findings import Findings, suggestion
from yiwang.packs.loaded import Loaded
from yiwang.packs.model.pack import RolesFile
from yiwang.plans.model import KIND as PLAN
from yiwang.publicity.model import ANOMALY, ANOMALY_VERBS, PUBLICATION, PUBLICATION_VERBS
from yiwang.registry.model import KIND
from yiwang.voting.model import GRANTS as VOTE_GRANTS
from yiwang.voting.model import KIND as VOTE

CASE_VERBS = frozenset({"read", "report", "read_personal", "import"}) | {rule.grant for rule in VERBS.values()}
TASK_VERBS = frozenset({"read", "assign", "complete_any", "extend"})
SCORE_VERBS = frozenset({"read", "export", "recompute"})
"""What scoring asks for: seeing scores, taking them along, having them reckoned anew."""
PATROL_VERBS = frozenset({"record", "read"})
"""What patrols ask for: sending one's own way while on patrol; seeing how far a grid was walked."""
THING_VERBS = frozenset({"read", "record", "import", "export", "unmask", "merge", "approve"})
"""What the registry asks for, of all types (``thing``) or of one (``thing-<type>``); ``approve``: lists with an approver."""
QUALITY_VERBS: Mapping[str, frozenset[str]] = {"quality": frozenset({"read", "run"})}
"""What quality of data asks for: seeing scores and defects; judging anew and sending defects to their source."""
FLOW_VERBS: Mapping[str, frozenset[str]] = {
    "definition": frozenset({"edit", "publish"}),
    "instance": frozenset({"start", "read", "manage"}),
    "message": frozenset({"send"}),
    "work": frozenset({"do"}),
}
"""What flow asks for: drawing flows and tables; flows that are their own subject; what other systems send and do."""

SENSING_VERBS: Mapping[str, frozenset[str]] = {
    "device": frozenset({"read", "register", "edit", "adopt", "command", "retire"}),
    "reading": frozenset({"read", "export", "send"}),
    "alarm": frozenset({"read", "acknowledge", "shelve", "close", "test", "edit", "publish"}),
}
"""What the senses ask for: the register of devices, their readings, the alarms that rules raise."""


EXCHANGE_VERBS: Mapping[str, frozenset[str]] = {
    RESOURCE: frozenset({"read", "draft", "audit", "publish", "withdraw"}),
    SHARE: frozenset({"request", "approve", "revoke", "read"}),
}
"""What the exchange asks for: the resource catalogue, and sharing between offices."""


PLAN_VERBS: Mapping[str, frozenset[str]] = {PLAN: frozenset({"read", "report"})}
"""What plans ask for: seeing plans, tasks of cases and their figures; reporting progress."""


PUBLICITY_VERBS: Mapping[str, frozenset[str]] = {PUBLICATION: PUBLICATION_VERBS, ANOMALY: ANOMALY_VERBS}
"""What publicity asks for: proposing and approving issues; reading, running anomaly rules, setting findings aside."""


def known_verbs() -> dict[str, frozenset[str]]:
    """Kind of thing → verbs that engines ask for; ``*`` among them where any verb may be asked."""
    known: dict[str, frozenset[str]] = {"case": CASE_VERBS | APPEAL_GRANTS, "task": TASK_VERBS, "score": SCORE_VERBS}
    known["notice"] = NOTICE_GRANTS
    known[DOCUMENT] = DOCUMENT_GRANTS
    known[VOTE] = VOTE_GRANTS
    known[MATCH] = MATCH_GRANTS
    known[KIND] = THING_VERBS
    known["patrol"] = PATROL_VERBS
    tables: list[Mapping[str, frozenset[str]]] = [*RESERVED.values(), COMMON, SYSTEM_ALSO, FLOW_VERBS, SENSING_VERBS]
    tables += [QUALITY_VERBS, EXCHANGE_VERBS, PLAN_VERBS, PUBLICITY_VERBS]
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
            if grant.kind.startswith(f"{KIND}-"):
                known.setdefault(grant.kind, THING_VERBS)  # whether the type exists: see check/types
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
