"""权限矩阵之文书:清单、出具、作废、更换、原件和签名值,每道门只开给看得到案件、且有这项权限的人;核验对所有人开放。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from permissions.callers import Caller, World, a_world
from permissions.pack_cities import told
from permissions.world import Standing
from support.http_city import a_city

from yiwang.documents.errors import DocumentCaseClosed, DocumentIncomplete, DocumentOfficeUnknown
from yiwang.kernel.access import SYSTEM

city = a_city()
world = a_world()

TYPE = "handling-reply"


@dataclass(frozen=True, slots=True)
class Issued:
    """A document that was voided: nothing can be done with it any more."""

    id: UUID
    number: str
    case: Standing


@pytest.fixture(scope="module")
async def papers(world: World) -> list[Issued]:
    """A document of every third case that has all that it prints."""
    issuing, made = world.city.services.documents.issuing, []
    for case in [case for case in world.cases if case.state != "void" and case.number.startswith("CG")][::3]:
        try:
            document = await issuing.issue(SYSTEM, case.id, TYPE)
        except (DocumentIncomplete, DocumentOfficeUnknown, DocumentCaseClosed):
            continue
        await issuing.void(SYSTEM, document.id, "测试完毕")
        made.append(Issued(document.id, document.number, case))
    assert len({paper.case.place.organisation for paper in made}) >= 2
    return made


def _of(caller: Caller, case: Standing, verb: str, done: tuple[int, str]) -> tuple[int, str]:
    if not caller.signed_in:
        return 401, "identity.sign_in_needed"
    if not case.readable_for(caller.person):
        return 404, "not_found"
    return done if caller.person.may_on(verb, case.place, "document") else (403, "identity.forbidden")


async def test_案件的文书_看得到案件的人看得到(world: World) -> None:
    for caller in world.callers:
        for case in world.cases:
            answer = await caller.client.get("/api/v1/documents", params={"case": str(case.id)})
            expected = (200 if case.readable_for(caller.person) else 404) if caller.signed_in else 401
            assert told(answer)[0] == expected, f"{caller.person.login} {case.name}: {answer.text[:200]}"


async def test_出具作废更换_无权的被拒_有权的只被文书状态拦下(world: World, papers: list[Issued]) -> None:
    seen: set[tuple[int, str]] = set()
    async with world.city.untouched():
        for caller in world.callers:
            for paper in papers:
                who = f"{caller.person.login} {paper.case.name}"
                body = {"case": str(paper.case.id), "type": "nonsense"}
                answer = await caller.client.post("/api/v1/documents", json=body)
                expected = _of(caller, paper.case, "issue", (422, "document.type_unknown"))
                assert told(answer) == expected, f"{who} issue: {answer.text[:200]}"
                seen.add(expected)
                for verb in ("void", "replace"):
                    answer = await caller.client.post(
                        f"/api/v1/documents/{paper.id}/{verb}", json={"reason": "内容有误"}
                    )
                    expected = _of(caller, paper.case, "void", (409, "document.ended"))
                    assert told(answer) == expected, f"{who} {verb}: {answer.text[:200]}"
                    seen.add(expected)
    assert len(seen) == 5


async def test_原件和签名值_看不到案件的人取不到(world: World, papers: list[Issued]) -> None:
    refused = 0
    for caller in world.callers:
        for paper in papers:
            if caller.signed_in and paper.case.readable_for(caller.person):
                continue
            for what in ("pdf", "signature"):
                answer = await caller.client.get(f"/api/v1/documents/{paper.id}/{what}")
                expected = (404, "not_found") if caller.signed_in else (401, "identity.sign_in_needed")
                assert told(answer) == expected, f"{caller.person.login} {what} {paper.case.name}: {answer.text[:200]}"
                refused += 1
    assert refused


async def test_核验的门_对所有人一样_凭编号和校验码(world: World, papers: list[Issued]) -> None:
    body = {"number": papers[0].number, "code": "AAAA-AAAA"}
    for caller in world.callers[::6]:
        for path in ("check", "copy"):
            answer = await caller.client.post(f"/api/v1/documents/{path}", json=body)
            assert told(answer) == (404, "document.check_failed"), (caller.person.login, path, answer.text)
        answer = await caller.client.get(f"/api/v1/documents/keys/{uuid4()}")
        assert told(answer) == (404, "document.key_unknown"), (caller.person.login, answer.text)
        answer = await caller.client.post(
            "/api/v1/documents/delivered", json={"number": papers[0].case.number, "code": "AAAA"}
        )
        assert told(answer)[1] == "case.follow_code_wrong", (caller.person.login, answer.text)
