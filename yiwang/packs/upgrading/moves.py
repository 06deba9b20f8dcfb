"""What happens to packs when a city is published: nouns, words, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from yiwang.identity.declarations import GrantDeclaration, RoleDeclaration
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import FieldError
from yiwang.packs.errors import PacksWouldLose
from yiwang.packs.loaded import City, Pack
from yiwang.packs.proving.keeping import digest_of
from yiwang.packs.upgrading import store
from yiwang.packs.upgrading.store import InstalledPack

Move = Literal["new", "upgraded", "downgraded", "edited", "retired", "back", "left"]
ChangeKind = Literal["case", "flow", "type"]
What = Literal["new", "changed", "gone"]

MOVES: dict[Move, tuple[str, str]] = {
    "new": ("新加入", "new"),
    "upgraded": ("升级", "upgraded"),
    "downgraded": ("降级", "older version"),
    "edited": ("内容有改动(版本号未变)", "changed under the same version"),
    "retired": ("停用", "retired"),
    "back": ("重新启用", "taken up again"),
    "left": ("已移除", "gone"),
}
_READING = frozenset({"read", "read_personal", "export"})


@dataclass(frozen=True, slots=True)
class PackMove:
    """What becomes of a pack; ``before`` and ``after`` are versions."""

    pack: str
    zh: str
    en: str
    move: Move
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that changes, in words."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Change:
    """A declaration that changes. ``running``: open cases that keep their version; ``records``: records that are there."""

    pack: str
    kind: ChangeKind
    id: str
    what: What
    lines: tuple[Line, ...]
    running: int = 0
    records: int = 0


@dataclass(frozen=True, slots=True)
class Survey:
    """All that a publication would change of packs; ``losses`` keep it from being done. ``first``: nothing was here before."""

    moves: tuple[PackMove, ...]
    changes: tuple[Change, ...]
    losses: tuple[FieldError, ...]
    first: bool

    def require_nothing_lost(self) -> None:
        """Raises PacksWouldLose, naming everything that could no longer be read or finished."""
        if self.losses:
            raise PacksWouldLose(errors=list(self.losses), count=len(self.losses))

    def json(self) -> JsonObject:
        return {
            "first": self.first,
            "packs": [
                {
                    "pack": one.pack,
                    "zh": one.zh,
                    "en": one.en,
                    "move": one.move,
                    "before": one.before,
                    "after": one.after,
                }
                for one in self.moves
            ],
            "changes": [
                {
                    "pack": one.pack,
                    "kind": one.kind,
                    "id": one.id,
                    "what": one.what,
                    "running": one.running,
                    "records": one.records,
                    "lines": [{"zh": line.zh, "en": line.en} for line in one.lines],
                }
                for one in self.changes
            ],
            "losses": [{"where": one.where, "code": one.code, "zh": one.zh, "en": one.en} for one in self.losses],
        }


def standing_of(city: City, pack: Pack) -> store.Standing:
    return "here" if city.runs(pack) else "retired"


def as_installed(city: City, pack: Pack) -> InstalledPack:
    """The pack as it will be kept once it is published."""
    names = pack.file.value.names
    return InstalledPack(
        pack.id,
        pack.file.value.version,
        digest_of([pack.folder]),
        standing_of(city, pack),
        {
            "zh": names.zh,
            "en": names.en,
            "case_types": [case.value.id for case in pack.cases],
            "types": [item.value.id for item in pack.types],
        },
    )


async def note_installed(connection: Connection, city: City, at: datetime) -> int:
    """Keep how the city's packs stand now; returns how many changed."""
    here = [as_installed(city, pack) for pack in city.packs]
    before = await store.installed(connection)
    left = [
        InstalledPack(one.id, one.version, one.digest, "left", one.declared)
        for one in before.values()
        if one.standing != "left" and one.id not in {pack.id for pack in here}
    ]
    return await store.put(connection, [*here, *left], at)


def roles_here(city: City) -> list[RoleDeclaration]:
    """The roles of all packs; of one that is given up nobody records things any more, all may read what they could."""
    return [role for pack in city.packs for role in _roles(city, pack)]


def _roles(city: City, pack: Pack) -> Iterator[RoleDeclaration]:
    if pack.roles is None:
        return
    if city.runs(pack):
        yield from pack.roles.value.roles
        return
    own = {f"thing-{item.value.id}" for item in pack.types}
    for role in pack.roles.value.roles:
        grants = [reading for grant in role.grants if (reading := _only_reading(grant, own)) is not None]
        yield role.model_copy(update={"grants": grants})


def _only_reading(grant: GrantDeclaration, own: set[str]) -> GrantDeclaration | None:
    if grant.kind not in own:
        return grant
    verbs = [verb for verb in grant.verbs if verb in _READING]
    return grant.model_copy(update={"verbs": verbs}) if verbs else None
