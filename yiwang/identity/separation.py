"""Three-role separation (三员分立, GB/T 22239): which verbs belong to which administrator alone.

The system administrator keeps accounts and the machine, the security administrator grants, the audit administrator
reads the journal; nobody holds two of the three, and no other role has their verbs. Checked whenever roles are
published, granted or brought by an appointment. Pure: no database.
"""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.identity.declarations import (
    GrantDeclaration,
    Names,
    PostKindDeclaration,
    RoleClass,
    RoleDeclaration,
)
from yiwang.identity.errors import RoleVerbRefused

RESERVED: Mapping[RoleClass, Mapping[str, frozenset[str]]] = {
    "system": {
        "account": frozenset({"create", "update", "lock", "unlock", "disable", "restore", "reset"}),
        "organisation": frozenset({"publish"}),
        "settings": frozenset({"*"}),
        "clock": frozenset({"*"}),
        "pack": frozenset({"*"}),
        "job": frozenset({"*"}),
    },
    "security": {
        "role": frozenset({"grant", "revoke", "publish"}),
        "post": frozenset({"appoint", "dismiss"}),
        "token": frozenset({"read", "revoke"}),
    },
    "audit": {"journal": frozenset({"*"})},
}
"""Kind → verbs that only roles of that class may have; ``*`` is every verb on that kind."""

COMMON: Mapping[str, frozenset[str]] = {
    "account": frozenset({"read"}),
    "role": frozenset({"read"}),
    "post": frozenset({"read"}),
    "organisation": frozenset({"read"}),
}
"""What any role may have on the kinds above, the three administrators' included."""

SYSTEM_ALSO: Mapping[str, frozenset[str]] = {
    "task": frozenset({"read", "assign"}),
    "flow": frozenset({"read"}),
    "definition": frozenset({"edit", "publish"}),
    "instance": frozenset({"manage"}),
    "area": frozenset({"*"}),
    "metrics": frozenset({"read"}),
    "calendar": frozenset({"*"}),
    "model": frozenset({"read", "publish"}),
    "device": frozenset({"read", "register", "edit", "adopt", "retire"}),
}
"""What the system administrator may have besides: keeping flows, maps and devices running, not handling cases and not
commanding devices."""


def check_role(role: RoleDeclaration) -> None:
    """Refuse a role whose verbs do not go with its class.

    Raises:
        RoleVerbRefused: names the role and the verb.
    """
    for grant in role.grants:
        for verb in grant.verbs:
            reason = _fault(role.role_class, grant.kind, verb)
            if reason:
                raise RoleVerbRefused(
                    role=role.code, verb=f"{grant.kind}:{verb}", reason_zh=reason[0], reason_en=reason[1]
                )


def _fault(role_class: RoleClass | None, kind: str, verb: str) -> tuple[str, str] | None:
    if kind == "*":
        return "不能授予全部种类,请逐一写明", "every kind at once cannot be granted; name them"
    if _holds(COMMON, kind, verb):
        return None
    owner = next((owner for owner, verbs in RESERVED.items() if kind in verbs and _touches(verbs[kind], verb)), None)
    if owner is not None and owner != role_class:
        return f"只属于 class: {owner} 的角色", f"it belongs to roles of class {owner} alone"
    if owner is not None and not _holds(RESERVED[owner], kind, verb):
        return "请逐一写明动词", "name the verbs one by one"
    if role_class is not None and owner is None and not (role_class == "system" and _holds(SYSTEM_ALSO, kind, verb)):
        return "三员角色不得办理业务", "the roles of the three administrators do no other work"
    return None


def _touches(reserved: frozenset[str], verb: str) -> bool:
    return "*" in reserved or verb == "*" or verb in reserved


def _holds(allowed: Mapping[str, frozenset[str]], kind: str, verb: str) -> bool:
    return kind in allowed and ("*" in allowed[kind] or verb in allowed[kind])


ADMINISTRATORS: tuple[RoleDeclaration, ...] = (
    RoleDeclaration(
        code="system-admin",
        names=Names(zh="系统管理员", en="System administrator"),
        role_class="system",
        grants=[
            GrantDeclaration(kind=kind, verbs=sorted(verbs))
            for kind, verbs in (*RESERVED["system"].items(), *SYSTEM_ALSO.items())
        ]
        + [GrantDeclaration(kind=kind, verbs=["read"]) for kind in COMMON],
    ),
    RoleDeclaration(
        code="security-admin",
        names=Names(zh="安全保密管理员", en="Security administrator"),
        role_class="security",
        grants=[GrantDeclaration(kind=kind, verbs=sorted(verbs)) for kind, verbs in RESERVED["security"].items()]
        + [GrantDeclaration(kind=kind, verbs=["read"]) for kind in COMMON],
    ),
    RoleDeclaration(
        code="audit-admin",
        names=Names(zh="安全审计员", en="Audit administrator"),
        role_class="audit",
        grants=[GrantDeclaration(kind="journal", verbs=["read", "verify", "export"])]
        + [GrantDeclaration(kind=kind, verbs=["read"]) for kind in COMMON],
    ),
)
"""The administrators' roles that every city has."""

ADMINISTRATOR_POSTS: tuple[PostKindDeclaration, ...] = tuple(
    PostKindDeclaration(code=role.code, names=role.names, roles=[role.code]) for role in ADMINISTRATORS
)
"""The kinds of post that bring them, under the same codes."""
