"""Results of scenario runs as files, ``HOME/proofs/PACK.json``, each with what it was reached with.

Promises: a file is written whole or not at all; one that cannot be read counts as none. Moments are UTC, ISO 8601.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from pydantic import TypeAdapter, ValidationError

import yiwang
from yiwang.packs.check.references import needed
from yiwang.packs.loaded import Pack

if TYPE_CHECKING:  # the runner brings gateways and simulators with it, which the web needs not
    from yiwang.packs.scenarios.report import ScenarioResult


_FOLDER = "proofs"


@dataclass(frozen=True, slots=True)
class KeptScenario:
    """How one scenario ended; ``clauses`` are those that its steps proved, ``why`` is where it stopped."""

    id: str
    passed: bool
    clauses: tuple[str, ...]
    seconds: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The last run of a pack's scenarios. ``digest``: of the declarations that it was reached with; see
    :func:`proof_digest`."""

    pack: str
    version: str
    digest: str
    program: str
    program_digest: str
    at: datetime
    scenarios: tuple[KeptScenario, ...]


_KEPT: TypeAdapter[Kept] = TypeAdapter(Kept)


def keep(home: Path, pack: Pack, digest: str, results: Iterable[ScenarioResult], at: datetime) -> Kept:
    """Keep the results of a pack in place of older ones."""
    kept = Kept(
        pack.id,
        pack.file.value.version,
        digest,
        yiwang.__version__,
        program_digest(),
        at,
        tuple(
            KeptScenario(
                item.id,
                item.passed,
                item.clauses,
                round(item.seconds, 2),
                "" if item.failure is None else "\n".join(item.failure.lines())[:2000],
            )
            for item in results
        ),
    )
    folder = home / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{pack.id}.json"
    new.write_bytes(orjson.dumps(asdict(kept), option=orjson.OPT_INDENT_2))
    new.replace(folder / f"{pack.id}.json")
    return kept


def results_folder(home: Path) -> Path:
    """Where the results are kept."""
    return home / _FOLDER


def kept_results(home: Path) -> dict[str, Kept]:
    """The last results by pack."""
    found: dict[str, Kept] = {}
    for path in sorted(results_folder(home).glob("[a-z]*.json")):
        try:
            kept = _KEPT.validate_json(path.read_bytes())
        except (ValidationError, OSError):
            continue
        found[kept.pack] = kept
    return found


def proof_digest(pack: Pack, packs: Mapping[str, Pack], cities: Mapping[str, Path]) -> str:
    """Of everything declared that a run of the pack's scenarios rests on: its files, those of the packs that it needs, and
    the cities in which they are acted."""
    folders = [packs[name].folder for name in sorted({pack.id, *needed(pack, packs)})]
    acted = {scenario.given.city for file in pack.scenarios for scenario in file.value.scenarios}
    return digest_of([*folders, *(cities[name] for name in sorted(acted) if name in cities)])


def digest_of(folders: Sequence[Path]) -> str:
    """SHA-256 over names and contents of all files, shortened."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                found.update(f"{folder.name}/{path.relative_to(folder).as_posix()}".encode() + b"\0")
                found.update(path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


@cache
def program_digest() -> str:
    """Of the program's own files, so that a result says with which code it was reached."""
    root = Path(yiwang.__file__).parent
    found = hashlib.sha256()
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.sql")]):
        found.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]
