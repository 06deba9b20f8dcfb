"""Whether a pack answers what it says: rows exist, and claimed clauses have a scenario step that proves them."""

from __future__ import annotations

import re
from pathlib import Path

from yiwang.packs.findings import Findings, Place, shown, suggestion
from yiwang.packs.loaded import Pack
from yiwang.packs.plan import clauses_of, plan_rows
from yiwang.packs.source import read_text

_NAMED = re.compile(r"\b([a-z][a-z0-9]*(?:-[a-z0-9]+)+)/([1-9][0-9]?)\b")


def check_plan(pack: Pack, root: Path, findings: Findings) -> None:
    """``root`` is the checkout, where a proof's test must lie."""
    places = [pack.file.source.place(("answers", index)) for index in range(len(pack.file.value.answers))]
    known = [_known(claim, place, findings) for claim, place in zip(pack.file.value.answers, places, strict=True)]
    claimed = clauses_claimed(pack)
    proved = _proved(pack, claimed if all(known) else None, findings)
    _check_readme(pack, proved, findings)
    level = pack.file.value.level
    missing = sorted(claimed - proved, key=order)
    if level != "declared" and missing:
        shown_clauses = ", ".join(missing[:6]) + (" …" if len(missing) > 6 else "")
        place = pack.file.source.place(("level",))
        findings.add(place, "plan.level_too_high", level=level, count=len(missing), clauses=shown_clauses)
    if level == "proved" and pack.proof is None:
        findings.add(pack.file.source.place(("level",)), "plan.proof_missing")
    if pack.proof is not None:
        for index, proof in enumerate(pack.proof.value.proofs):
            if not test_exists(proof.test, root):
                place = pack.proof.source.place(("proofs", index, "test"))
                findings.add(place, "plan.proof_test", test=proof.test)


def test_exists(test: str, root: Path) -> bool:
    """Whether ``file.py`` or ``file.py::function`` is there, seen from the checkout."""
    file, _, function = test.partition("::")
    path = root / file
    if not path.is_file():
        return False
    return (
        not function
        or re.search(rf"^(async )?def {re.escape(function)}\b", path.read_text("utf-8"), re.MULTILINE) is not None
    )


def clauses_claimed(pack: Pack) -> set[str]:
    """Every clause that pack.yaml answers."""
    return {clause for claim in pack.file.value.answers for clause in clauses_of(claim)}


def clauses_proved(pack: Pack) -> set[str]:
    """Every clause that a scenario step of the pack proves."""
    return {
        clause
        for file in pack.scenarios
        for scenario in file.value.scenarios
        for step in scenario.steps
        for clause in step.answers
    }


def _known(claim: str, place: Place, findings: Findings) -> bool:
    row_id, _, number = claim.partition("/")
    row = plan_rows().get(row_id)
    if row is None:
        zh, en = suggestion(row_id, plan_rows())
        findings.add(place, "plan.row_unknown", row=row_id, hint_zh=zh, hint_en=en)
        return False
    if number and int(number) > row.clauses:
        findings.add(place, "plan.clause_unknown", row=row_id, count=row.clauses, number=number)
        return False
    return True


def _proved(pack: Pack, claimed: set[str] | None, findings: Findings) -> set[str]:
    """What steps prove; ``claimed`` is None where the claims themselves are wrong."""
    proved: set[str] = set()
    for file in pack.scenarios:
        for number, scenario in enumerate(file.value.scenarios):
            for index, step in enumerate(scenario.steps):
                for at, clause in enumerate(step.answers):
                    place = file.source.place((number, "steps", index, "answers", at))
                    if not _known(clause, place, findings):
                        continue
                    proved.add(clause)
                    if claimed is not None and clause not in claimed:
                        findings.add(place, "plan.answers_elsewhere", clause=clause)
    return proved


def _check_readme(pack: Pack, proved: set[str], findings: Findings) -> None:
    path = pack.folder / "README.md"
    if not path.is_file():
        findings.add(Place(shown(pack.folder)), "pack.readme_missing")
        return
    text = read_text(path, findings) or ""
    for number, line in enumerate(text.splitlines(), start=1):
        for match in _NAMED.finditer(line):
            if match[1] not in plan_rows():
                continue
            place = Place(shown(path), number, match.start() + 1)
            if _known(match[0], place, findings) and match[0] not in proved:
                findings.add(place, "plan.clause_unproved", clause=match[0])


def order(clause: str) -> tuple[str, int]:
    """Sort key of a clause: by row, then by number."""
    row, _, number = clause.partition("/")
    return row, int(number)
