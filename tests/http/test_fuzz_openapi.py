"""The OpenAPI description, taken at its word by a fuzzer: no request brings a 5xx, every answer is as described.

Bounded in the ordinary run, and always the same there; ``YIWANG_FUZZ_EXAMPLES=500`` looks further, elsewhere each time.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.http_city import HttpCity, a_city

from yiwang.http.app import create_app
from yiwang.identity.requests import session_cookie
from yiwang.kernel.settings import Settings

city = a_city()

EXAMPLES = int(os.environ.get("YIWANG_FUZZ_EXAMPLES", "0"))
ORDINARY = 5
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
PEOPLE = ("", "acceptor1", "sysadmin")
EXPERTS = {"journal": "auditor", "appointments": "secadmin", "roles": "secadmin", "cases": "shift1", "tasks": "shift1"}
"""Who gets further than the three above, by a part of the path."""
LEFT_OUT = {
    "GET /api/v1/live",  # never ends
    "GET /api/v1/live/vehicles",  # nor does this
    "DELETE /api/v1/session",  # would leave the others of this run outside
    "PUT /api/v1/clock",  # would carry the others of this run into another century
}

DOCUMENT = create_app(Settings(_env_file=None)).openapi()  # type: ignore[call-arg]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {
    operation.label: operation
    for operation in (found.ok() for found in SCHEMA.get_all_operations())
    if operation.label not in LEFT_OUT
}


@dataclass(frozen=True, slots=True)
class Known:
    """Things that exist, for the fuzzer to stumble over."""

    cases: tuple[str, ...]
    tasks: tuple[str, ...]
    receipts: tuple[tuple[str, str], ...]
    accounts: tuple[str, ...]
    attachments: tuple[str, ...]

    def put_into(self, case: Any) -> None:
        """Replace, two times out of three, made-up ids by real ones; which, the made-up one decides."""
        chance = random.Random(repr((case.path_parameters, case.body, case.query)))
        pools = {
            "case_id": self.cases,
            "task_id": self.tasks,
            "account_id": self.accounts,
            "attachment_id": self.attachments,
            "instance_id": self.cases,
        }
        for name, pool in pools.items():
            if name in (case.path_parameters or {}) and chance.random() < 0.67:
                case.path_parameters[name] = chance.choice(pool)
        if isinstance(case.body, dict) and {"number", "code"} <= case.body.keys() and chance.random() < 0.67:
            case.body["number"], case.body["code"] = chance.choice(self.receipts)


@dataclass(frozen=True, slots=True)
class Target:
    """A running server, the sessions of those who call, and what exists there."""

    address: str
    sessions: dict[str, requests.Session]
    known: Known


@pytest.fixture(scope="module")
async def target(city: HttpCity) -> AsyncIterator[Target]:
    opened = []
    client = await city.client()
    photo = (await client.post("/api/v1/attachments", files={"file": ("a.png", b"%PDF-1.7 x")})).json()
    for node in ("verify", "accept", "dispatch", "receive", "handle", "confirm", "check", "close"):
        report = await city.report(f"街面上的问题,停在{node}这一步")
        await city.to(report, node)
        opened.append(report)
    tasks = [str((await city.task(report.id)).id) for report in opened]
    sysadmin = await city.client("sysadmin")
    made = [
        (await sysadmin.post("/api/v1/accounts", json={"login": f"fuzzed{n}", "name": "试"})).json() for n in range(3)
    ]
    known = Known(
        tuple(str(report.id) for report in opened),
        tuple(tasks),
        tuple((report.number, report.code) for report in opened),
        tuple(item["account"]["id"] for item in made),
        (photo["id"], str(uuid4())),
    )
    async with city.serving(1) as addresses:
        sessions = {}
        for who in (*PEOPLE, *set(EXPERTS.values())):
            sessions[who] = requests.Session()
            if who:
                sessions[who].cookies.set(session_cookie, await city.session(who))
        yield Target(addresses[0], sessions, known)


DESCRIBED_WRONGLY = pytest.mark.xfail(strict=True, reason="422 is described in the framework's form, not in ours")
LABELS = [
    pytest.param(label, marks=DESCRIBED_WRONGLY if label.startswith("GET /api/v1/journal") else ())
    for label in OPERATIONS
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", LABELS)
def test_按接口描述乱试_没有5xx_答复都与描述一致(city: HttpCity, target: Target, label: str) -> None:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        _fuzz(city, target, label, mode)


def _fuzz(city: HttpCity, target: Target, label: str, mode: GenerationMode) -> None:
    """Requests that the description allows, or that it forbids; each sent by everybody."""
    callers = (*PEOPLE, *{expert for part, expert in EXPERTS.items() if f"/{part}" in label})

    @settings(
        max_examples=EXAMPLES or ORDINARY,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate] + ([Phase.shrink] if EXAMPLES else []),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def attempt(case: Any) -> None:
        target.known.put_into(case)
        for who in callers:
            response = case.call(base_url=target.address, session=target.sessions[who])
            try:
                case.validate_response(response, checks=CHECKS)
            except (Failure, FailureGroup) as failure:
                log = city.server_log().read_text()[-3000:] if response.status_code >= 500 else ""
                raise AssertionError(f"{who or 'anonymous'} {mode.name}: {failure}\n{log}") from failure

    with contextlib.suppress(Unsatisfiable):  # nothing about this operation can be wrong
        attempt()
