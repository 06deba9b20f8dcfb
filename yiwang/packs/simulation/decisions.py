"""Decisions of leaders in the simulated city: raised when the day begins, broken down into tasks of offices, reported on.

What is broken down, at which step and into what, is as ``breakdowns/*.yaml`` of the packs declare it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from yiwang.kernel.database import Json, JsonObject
from yiwang.packs.loaded import City
from yiwang.packs.remote import CityAway, Refused, objects
from yiwang.packs.simulation import texts
from yiwang.packs.simulation.clockwork import Act
from yiwang.packs.simulation.crew import Member

if TYPE_CHECKING:
    from yiwang.packs.simulation.day import Day, Known

_DESK = "department-desk"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a decision: for the department served, until when (deadline grammar), how much it weighs."""

    title: str
    department: str
    limit: str
    weight: float


@dataclass(frozen=True, slots=True)
class Decision:
    text: str
    shares: tuple[Share, ...]


DECISIONS = (
    Decision(
        "汛期前解决低洼地区积水问题,请有关单位两个月内完成并逐月报进展。",
        (
            Share("改造易积水路段雨水管网", "drainage", "40工作日", 3),
            Share("河道清障和闸站检修", "water-affairs", "30工作日", 2),
            Share("下穿地道封控和交通疏导预案", "traffic", "10工作日", 1),
            Share("防汛物资储备和应急演练", "emergency", "15工作日", 1),
        ),
    ),
    Decision(
        "开展背街小巷环境整治百日行动,请有关单位按分工落实。",
        (
            Share("清运积存垃圾和大件废弃物", "sanitation", "20工作日", 2),
            Share("修补破损路面和路灯", "municipal", "40工作日", 2),
            Share("规范店外经营和占道停车", "enforcement", "30工作日", 1),
        ),
    ),
)


class Decisions:
    """The breakdowns that the city's packs declare, and what happens at their steps."""

    def __init__(self, city: City) -> None:
        running = [pack for pack in city.packs if city.runs(pack)]
        self._declared = tuple(item.value for pack in running for item in pack.breakdowns)
        self._channels = {item.value.id: item.value.channels for pack in running for item in pack.cases}
        trees = {tree.value.id: tree.value for pack in running for tree in pack.classes}
        self._classes = {
            item.value.id: trees[item.value.classes].classes[0].code for pack in running for item in pack.cases
        }
        self._offices: dict[str, str] = {}
        for root in city.organisations.value.organisations if city.organisations else ():
            for _, organisation in root.declaration().walk():
                for department in organisation.serves:
                    self._offices.setdefault(department, organisation.code)

    def waits(self, case_type: str, node: str) -> bool:
        """Whether the step ends by itself, with the last part."""
        return any(item.parent.type == case_type and item.parent.wait == node for item in self._declared)

    def divides(self, case_type: str, node: str) -> bool:
        """Whether the case is broken down at the step."""
        return any(item.parent.type == case_type and item.parent.node == node for item in self._declared)

    def acts(self, day: Day) -> list[Act]:
        """Raising one decision for each breakdown, by the first channel that a member of the city may use."""
        found: list[Act] = []
        for number, item in enumerate(self._declared):
            channel = next(
                (
                    (key, channel.post)
                    for key, channel in self._channels.get(item.parent.type, {}).items()
                    if channel.post is not None and day.crew.holding(channel.post)
                ),
                None,
            )
            if channel is not None:
                key, post = channel
                found.append(
                    self._raising(day, item.parent.type, key, day.crew.holding(post)[0], DECISIONS[number % 2])
                )
        return found

    def _raising(self, day: Day, case_type: str, channel: str, leader: Member, decision: Decision) -> Act:
        async def raise_it() -> None:
            try:
                member = await day.crew.at_work(leader.login)
                body: JsonObject = {"type": case_type, "channel": channel, "text": decision.text}
                if class_code := self._classes.get(case_type):
                    body["class_code"] = class_code
                # The same key all day: a day that is begun again finds its decision and does not raise it twice.
                answer = await member.remote.post("/cases", body, key=f"decision-{case_type}-{day.clock.now():%Y%m%d}")
                known = day.known(str(answer["id"]), str(answer["number"]))
                known.pace = 0.2
                await day.look_who_is_next(known)
            except CityAway:
                day.later(raise_it)
            except Refused as refused:
                day.refused(refused)

        return raise_it

    async def divide(self, day: Day, known: Known, member: Member, text: str) -> None:
        """Break the case down, and let each office report progress some hours later.

        Raises:
            CityAway, Refused: as for every step.
        """
        decision = next((each for each in DECISIONS if each.text == text), DECISIONS[0])
        parts: list[Json] = [
            {"title": each.title, "organisation": office, "limit": each.limit, "weight": each.weight}
            for each in decision.shares
            if (office := self._offices.get(each.department))
        ]
        if not parts:
            return
        found = await member.remote.post(f"/cases/{known.id}/breakdown", {"note": "按批示分解。", "parts": parts})
        for part, given in zip(objects(found.get("parts")), parts, strict=False):
            office = str(given["organisation"]) if isinstance(given, dict) else ""
            desks = [each for each in day.crew.holding(_DESK) if each.account.organisation == office]
            if desks:
                hours = known.chance.uniform(0.5, 6)
                day.agenda.after(
                    timedelta(hours=hours), self._reporting(day, str(part["case_id"]), desks[0], known.chance)
                )

    def _reporting(self, day: Day, case_id: str, desk: Member, chance: random.Random) -> Act:
        async def report() -> None:
            try:
                member = await day.crew.at_work(desk.login)
                body: JsonObject = {
                    "percent": 5 * chance.randint(2, 9),
                    "text": texts.words_of(chance, texts.PROGRESS),
                }
                await member.remote.post(f"/cases/{case_id}/progress", body)
            except CityAway:
                day.later(report)
            except Refused as refused:
                day.refused(refused)

        return report
