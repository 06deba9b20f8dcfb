"""Proof of work on the public's forms: who sends little never meets it, a flood has to work for each request."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from support.http_city import ADDRESS, HttpCity, http_city, refused

from yiwang.http.challenge import FORMS, HEADER, LEAST_BITS, MOST_BITS, VALID_SECONDS, Challenge, zero_bits
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.errors import ProofNeeded, TooManyRequests

REPORT = "/api/v1/cases"


class Clock:
    def __init__(self) -> None:
        self.now = 1_781_740_800.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def solved(data: dict[str, object], random: str = "r4nd0m") -> str:
    """What a browser does."""
    begin = f"1:{data['bits']}:{data['time']}:{data['path']}:{random}:"
    return next(begin + str(n) for n in itertools.count() if zero_bits(begin + str(n)) >= int(str(data["bits"])))


def asked(challenge: Challenge, stamp: str = "", *, address: str = "a", path: str = REPORT) -> dict[str, object] | None:
    """The refusal's data, or nothing when the request may pass."""
    try:
        challenge.check(address, path, stamp)
    except ProofNeeded as problem:
        return problem.data
    return None


def flooded(clock: Clock, times: int = 5) -> Challenge:
    challenge = Challenge(16, clock)
    for _ in range(times):
        asked(challenge)
    return challenge


def test_少量提交不受影响_超过后要求计算_算出即通过(clock: Clock) -> None:
    challenge = Challenge(60, clock)
    assert [asked(challenge) for _ in range(15)] == [None] * 15
    data = asked(challenge)
    assert data is not None
    assert data["bits"] == LEAST_BITS
    assert asked(challenge, solved(data)) is None
    assert asked(challenge, address="b") is None


def test_一个答案只能用一次_只用于一个表单(clock: Clock) -> None:
    challenge = flooded(clock)
    data = asked(challenge)
    assert data is not None
    stamp = solved(data)
    assert asked(challenge, stamp, path="/api/v1/attachments") is not None
    assert asked(challenge, stamp) is None
    assert asked(challenge, stamp) is not None


def test_过期的_将来的_胡乱的答案不算(clock: Clock) -> None:
    challenge = flooded(clock)
    data = asked(challenge)
    assert data is not None
    good = solved(data)
    late = solved({**data, "time": int(clock.now) - VALID_SECONDS - 1})
    early = solved({**data, "time": int(clock.now) + 60})
    for stamp in (late, early, good + "x", good.replace("1:", "2:", 1), "", ":" * 5, "1:14:x:/:r:1", "鱼", "1" * 5000):
        assert asked(challenge, stamp) is not None, stamp


def test_越多越难_有上限_停下来就恢复(clock: Clock) -> None:
    challenge = Challenge(16, clock)
    bits = [int(str(data["bits"])) for data in (asked(challenge) for _ in range(400)) if data]
    assert bits == sorted(bits)
    assert (bits[0], bits[-1]) == (LEAST_BITS, MOST_BITS)
    clock.now += 600
    assert asked(challenge) is None


def test_许多地址一起涌来_每个地址都要计算(clock: Clock) -> None:
    challenge = Challenge(16, clock)
    assert any(asked(challenge, address=f"10.0.{n // 250}.{n % 250}") for n in range(200))


def test_没有脚本的网页被请求稍等_而不是计算(clock: Clock) -> None:
    challenge = flooded(clock)
    with pytest.raises(TooManyRequests) as refusal:
        challenge.check("a", "/plain/report", "")
    assert int(str(refusal.value.data["seconds"])) >= 1


def test_边写边问的查询不算提交(clock: Clock) -> None:
    challenge = flooded(clock, 50)
    assert asked(challenge, path="/api/v1/cases/alike") is None
    assert asked(challenge, path="/api/v1/session") is None


def test_网页的算法与此一致() -> None:
    """The forms that answer 428 are those whose client can compute; both sides name the header alike."""
    source = Path(__file__).resolve().parents[2] / "web" / "src" / "shared" / "api" / "proof.ts"
    found = re.search(r'HEADER = "([^"]+)"', source.read_text("utf-8"))
    assert found is not None
    assert found[1].lower() == HEADER.lower()
    assert all(path.startswith(("/api/v1/", "/plain/")) for path in FORMS)


@pytest.fixture(scope="module")
async def busy_city(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HttpCity]:
    async with http_city(server, tmp_path_factory.mktemp("home"), public_reports_per_minute=40) as found:
        yield found


async def test_居民连续上报_先通过_再要求计算_算出后受理_登录者不受影响(busy_city: HttpCity) -> None:
    async with busy_city.new_client(address="198.51.100.20") as resident:
        free = [await resident.post(REPORT, json=busy_city.body()) for _ in range(10)]
        assert {answer.status_code for answer in free} == {201}
        body = busy_city.body()
        async with busy_city.untouched():
            data = refused(await resident.post(REPORT, json=body), 428, "input.proof_needed")["data"]
        stamp = solved(json.loads(json.dumps(data)))
        accepted = await resident.post(REPORT, json=body, headers={HEADER: stamp})
        assert accepted.status_code == 201, accepted.text
        again = await resident.post(REPORT, json=busy_city.body(), headers={HEADER: stamp})
        refused(again, 428, "input.proof_needed")
    worker = await busy_city.client("acceptor1")
    answers: list[httpx.Response] = [
        await worker.post(REPORT, json=busy_city.body(channel="hotline")) for _ in range(12)
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert ADDRESS != "198.51.100.20"
