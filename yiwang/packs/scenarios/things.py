"""Verbs of scenarios that are about no case: recording things, drawing fences, reading what the public API shows, sending to
it, taking data with a signed request."""

from __future__ import annotations

import re
import secrets

from yiwang.exchange.delivery.signing import Signed, sign
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import Json, JsonObject
from yiwang.packs.loaded import City
from yiwang.packs.model.scenario import Expectation, ScenarioStep
from yiwang.packs.remote import API, Remote
from yiwang.packs.scenarios.people import NobodyCan
from yiwang.packs.scenarios.report import Difference

_PART = re.compile(r"\{([a-z][a-z0-9_.-]*)\}")


class Things:
    """Carries out these verbs for one scenario."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._kept: dict[str, Json] = {}
        """Answers by the name under which the scenario keeps them."""
        self._last: Json = None

    async def act(self, step: ScenarioStep, remote: Remote) -> None:
        """Record a thing, or draw a fence; reading is done where the scenario looks.

        Raises:
            Refused: the city refuses it.
        """
        if step.do == "record":
            body: JsonObject = {"attributes": dict(step.attributes), "reason": step.note or ""}
            place = self._place(step)
            if place is not None:
                body["geometry"] = {"type": "Point", "coordinates": [place[0], place[1]]}
            await remote.post(f"/things/{step.thing}", body)
        elif step.do == "fence":
            await remote.post("/fences", dict(step.fence))
        elif step.do == "send":
            filled = self._filled(dict(step.body))
            self._keep(
                step, await remote.post(str(self._filled(step.path or "/")), filled if isinstance(filled, dict) else {})
            )
        elif step.do == "take" and (step.expect is None or step.refused is not None):
            await self._take(step, remote)
        elif step.do == "view" and step.expect is None:
            self._keep(step, await remote.get(str(self._filled(step.path or "/"))))

    async def see(self, step: ScenarioStep, remote: Remote, expected: Expectation) -> list[Difference]:
        """What the API shows at the path must hold all that is expected to be shown."""
        if step.do == "send":
            page: Json = self._last
        elif step.do == "take":
            page = await self._take(step, remote)
        else:
            page = await remote.get(str(self._filled(step.path or "/")))
            self._keep(step, page)
        return [Difference("shows", wanted, seen) for wanted, seen in lacking(expected.shows, page)]

    async def _take(self, step: ScenarioStep, remote: Remote) -> JsonObject:
        """Data by a request that is signed with a kept key, as a consumer's own system does it."""
        key = self._kept.get(step.key or "")
        known = key if isinstance(key, dict) else {}
        path, _, query = str(self._filled(step.path or "/")).partition("?")
        plain = Signed(
            method="GET", path=API + path, query=query, key_id=str(known.get("key_id")), signature="",
            timestamp=str(int(real_now().timestamp())), nonce=secrets.token_hex(8), algorithm="HMAC-SM3",
        )  # fmt: skip
        headers = {
            "X-Yiwang-Key": plain.key_id,
            "X-Yiwang-Timestamp": plain.timestamp,
            "X-Yiwang-Nonce": plain.nonce,
            "X-Yiwang-Algorithm": plain.algorithm,
            "X-Yiwang-Signature": sign(plain, str(known.get("secret"))),
        }
        return await remote.signed(f"{path}?{query}" if query else path, headers)

    def _keep(self, step: ScenarioStep, answer: JsonObject) -> None:
        self._last = answer
        if step.keeps is not None:
            self._kept[step.keeps] = answer

    def _filled(self, value: Json) -> Json:
        """Texts with ``{name.member.0}`` replaced by that part of a kept answer."""
        if isinstance(value, dict):
            return {name: self._filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        return _PART.sub(lambda found: str(self._part(found[1])), value) if isinstance(value, str) else value

    def _part(self, way: str) -> Json:
        found: Json = dict(self._kept)
        for name in way.split("."):
            if isinstance(found, list) and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, dict) and name in found:
                found = found[name]
            else:
                raise NobodyCan(f"没有保留“{way}” · nothing is kept as “{way}”")
        return found

    def _place(self, step: ScenarioStep) -> tuple[float, float] | None:
        return self._city.file.value.places[step.at].at if isinstance(step.at, str) else step.at


def lacking(wanted: Json, seen: Json, where: str = "") -> list[tuple[str, str]]:
    """What is wanted and not shown, with what is there instead. Of an object the named members count, of a list each wanted
    item must occur; an empty list wants an empty one."""
    if isinstance(wanted, dict) and isinstance(seen, dict):
        return [miss for key in wanted for miss in lacking(wanted[key], seen.get(key), f"{where}.{key}")]
    if isinstance(wanted, list) and isinstance(seen, list):
        if not wanted:
            return [(f"{where} []", _short(seen))] if seen else []
        return [
            (f"{where} {_short(one)}", _short(seen))
            for one in wanted
            if not any(not lacking(one, each) for each in seen)
        ]
    return [] if wanted == seen else [(f"{where} {_short(wanted)}", _short(seen))]


def _short(value: Json) -> str:
    return str(value)[:300]
