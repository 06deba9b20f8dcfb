"""Opening the cases of plans: each period that has come opens one case for each object, once, also after down time.

A plan is worked at by one process at a time (its row is locked). A batch of objects, their cases, and how far the period has
been gone through are written in one transaction; a process that dies in between leaves nothing behind that would be done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.casework.model import Draft, Report
from yiwang.casework.service import CaseService
from yiwang.identity.directory import Directory
from yiwang.identity.model import OrganisationRow
from yiwang.kernel import logs
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import Problem
from yiwang.plans import store
from yiwang.plans.declarations import Offices, PlanDeclaration, Things
from yiwang.plans.errors import PlanUnknown
from yiwang.plans.model import KIND, PlanObject
from yiwang.plans.periods import Period, moment_in, period_of, periods_between
from yiwang.plans.store import Declared, PeriodState, TaskState
from yiwang.registry.model import Asked, Fact
from yiwang.registry.service import RegistryService

log = logs.get("plans")

BATCH = 100
_PLANNED = "按计划开案"
_shown_periods = 12


@dataclass(frozen=True, slots=True)
class PlanState:
    """A plan and its newest periods; ``opens_next``: when the period after them opens its cases."""

    plan: PlanDeclaration
    pack: str
    periods: list[PeriodState]
    opens_next: datetime


class Plans:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self._context = context
        self._directory = directory
        self._registry = registry
        self._casework = casework

    # -- opening ----------------------------------------------------------------------------------------------------------

    async def open_due(self) -> int:
        """One round of the worker: how many objects were gone through; 0 when nothing is due."""
        async with self._context.database.connection() as connection:
            found = await store.declared(connection, "plan")
        count = 0
        for item in found:
            count += await self._work(item)
        return count

    async def _work(self, item: Declared) -> int:
        """One batch of one plan."""
        plan = PlanDeclaration.model_validate(item.body)
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            if not await store.lock_plan(connection, plan.id):
                return 0
            await self._begin_periods(connection, plan, item.first_at, now)
            waiting = await store.unopened(connection, plan.id)
            if waiting is None:
                return 0
            period = period_of(waiting.first_day, plan.every)
            objects, mark = await self._objects(connection, plan, waiting.mark)
            fresh = await store.new_objects(connection, plan.id, period.key, objects)
            opened = await self._open(connection, plan, period, fresh, now)
            await store.set_mark(connection, plan.id, period.key, mark, None if mark else now)
        if opened:
            log.info("a plan opened cases", plan=plan.id, period=period.key, count=opened)
        return max(len(objects), 1)

    async def _begin_periods(
        self, connection: Connection, plan: PlanDeclaration, first_at: datetime, now: datetime
    ) -> None:
        """Note the periods that have come since; those too long ago are passed over."""
        zone = self._context.calendar.hours.timezone
        newest = await store.newest_first_day(connection, plan.id)
        if newest is not None:
            since = period_of(newest, plan.every).last + timedelta(days=1)
        else:
            since = plan.begins or first_at.astimezone(zone).date()
        today = now.astimezone(zone).date()
        if since > today:
            return
        # Older ones cannot be made up for; of a plan that slept for decades not every period is noted.
        come = list(periods_between(since, today, plan.every))[-60 - plan.catch_up :]
        come = [period for period in come if moment_in(period, plan.opens, self._context.calendar) <= now]
        for number, period in enumerate(come):
            opens_at = moment_in(period, plan.opens, self._context.calendar)
            passed = number < len(come) - plan.catch_up
            await store.add_period(connection, plan.id, period, opens_at, now, passed=passed)

    async def _objects(self, connection: Connection, plan: PlanDeclaration, mark: str) -> tuple[list[PlanObject], str]:
        """The next objects after the mark, and the new mark; "" when these were the last."""
        if plan.objects.things is not None:
            return await self._things(connection, plan.objects.things, mark)
        if plan.objects.offices is None:
            return [PlanObject("city", "全市", "", None)], ""
        rest = [office for office in self._offices(plan.objects.offices) if office.code > mark]
        objects = [PlanObject(each.code, each.name_zh, each.area, each.id) for each in rest[:BATCH]]
        return objects, rest[BATCH - 1].code if len(rest) > BATCH else ""

    def _offices(self, wanted: Offices) -> list[OrganisationRow]:
        return sorted(
            (
                office
                for office in self._directory.organisations()
                if office.active
                and (
                    office.code in wanted.codes
                    or office.kind in wanted.kinds
                    or not set(wanted.serves).isdisjoint(office.serves)
                )
            ),
            key=lambda office: office.code,
        )

    async def _things(self, connection: Connection, wanted: Things, mark: str) -> tuple[list[PlanObject], str]:
        asked = Asked(filters=wanted.where, after=UUID(mark) if mark else None, limit=BATCH)
        if self._registry.types.type(wanted.type).declaration.authority is not None:
            asked = replace(asked, standing="in_force")
        purpose = f"{_PLANNED} {wanted.type}"
        page = await self._registry.reading.things(connection, SYSTEM, wanted.type, asked, purpose=purpose)
        return [self._thing(fact, wanted) for fact in page.items], str(page.after) if page.after else ""

    def _thing(self, fact: Fact, wanted: Things) -> PlanObject:
        office = self._directory.serving(wanted.department, fact.area) if wanted.department is not None else None
        responsible = fact.organisation_id if wanted.department is None else office.id if office else None
        lon, lat = _point(fact)
        named = fact.attributes.get(wanted.key) if wanted.key is not None else None
        fields: JsonObject = {wanted.field: named} if wanted.field is not None and named is not None else {}
        return PlanObject(str(fact.thing_id), fact.title, fact.area, responsible, lon, lat, fields)

    async def _open(
        self,
        connection: Connection,
        plan: PlanDeclaration,
        period: Period,
        objects: Sequence[PlanObject],
        now: datetime,
    ) -> int:
        drafts: list[tuple[PlanObject, Draft]] = []
        for item in objects:
            try:
                drafts.append((item, self._draft(plan, period, item, now)))
            except Problem as problem:
                log.warning("a plan cannot open a case", plan=plan.id, object=item.key, why=problem.message("en"))
                await store.add_task(
                    connection, plan.id, period.key, item, item.organisation_id, now, fault=problem.message("zh")
                )
        if not drafts:
            return 0
        opened = await self._casework.opening.write_within(connection, [(draft, SYSTEM) for _, draft in drafts])
        for (item, draft), answer in zip(drafts, opened, strict=True):
            await store.add_task(
                connection,
                plan.id,
                period.key,
                item,
                draft.organisation_id,
                now,
                case_id=answer.id,
                number=answer.number,
            )
        return len(drafts)

    def _draft(self, plan: PlanDeclaration, period: Period, item: PlanObject, now: datetime) -> Draft:
        """The case of one object.

        Raises:
            As :meth:`Drafting.draft`: the place lies outside the city, the case type is not there.
        """
        report = Report(
            type=plan.case.type,
            channel=plan.case.channel,
            text=plan.case.text.zh.replace("{object}", item.title).replace("{period}", period.words),
            lon=item.lon,
            lat=item.lat,
            class_code=plan.case.class_code,
            fields=item.fields,
            idempotency_key=f"plan:{plan.id}:{period.key}:{item.key}"[:200],
        )
        draft = self._casework.drafting.draft(report, SYSTEM, now)
        area = draft.area if item.lon is not None or not item.area else item.area
        variables = {**draft.variables, "area": area, "grid": draft.grid or area}
        if plan.case.limit is not None:
            variables["limit"] = plan.case.limit
        # Two objects at one place are two matters: nothing is folded.
        draft = replace(draft, area=area, variables=variables, fold_since=None)
        return draft.given_to(item.organisation_id) if item.organisation_id is not None else draft

    # -- reading ----------------------------------------------------------------------------------------------------------

    async def all(self, actor: Actor) -> list[PlanState]:
        """Every plan in force with its newest period, as far as the reader reaches.

        Raises:
            Forbidden: without a grant to read plans.
        """
        actor.require(KIND, "read")
        now = self._context.clock.now()
        async with self._context.database.connection() as connection:
            return [
                await self._state(connection, actor, item, now, limit=1)
                for item in await store.declared(connection, "plan")
            ]

    async def one(self, actor: Actor, plan_id: str) -> PlanState:
        """A plan with its last periods.

        Raises:
            Forbidden, PlanUnknown.
        """
        actor.require(KIND, "read")
        now = self._context.clock.now()
        async with self._context.database.connection() as connection:
            item = await self._declared(connection, plan_id)
            return await self._state(connection, actor, item, now, limit=_shown_periods)

    async def tasks(self, actor: Actor, plan_id: str, period: str, after: str, limit: int) -> list[TaskState]:
        """The objects of a period, as far as the reader reaches.

        Raises:
            Forbidden, PlanUnknown.
        """
        actor.require(KIND, "read")
        async with self._context.database.connection() as connection:
            item = await self._declared(connection, plan_id)
            now = self._context.clock.now()
            return await store.tasks(connection, actor, item.id, period, now, after=after, limit=limit)

    async def _declared(self, connection: Connection, plan_id: str) -> Declared:
        known = {item.id: item for item in await store.declared(connection, "plan", all_of_them=True)}
        if plan_id not in known:
            raise PlanUnknown(plan=plan_id[:60])
        return known[plan_id]

    async def _state(
        self, connection: Connection, actor: Actor, item: Declared, now: datetime, *, limit: int
    ) -> PlanState:
        plan = PlanDeclaration.model_validate(item.body)
        periods = await store.periods(connection, actor, plan.id, now, before=None, limit=limit)
        day = max(plan.begins or item.first_at.date(), now.astimezone(self._context.calendar.hours.timezone).date())
        coming = period_of(day, plan.every)
        while coming.key in {period.key for period in periods}:
            coming = period_of(coming.last + timedelta(days=1), plan.every)
        return PlanState(plan, item.pack, periods, moment_in(coming, plan.opens, self._context.calendar))


def _point(fact: Fact) -> tuple[float | None, float | None]:
    """Longitude and latitude of a thing that is a point."""
    geometry = fact.geometry or {}
    coordinates = geometry.get("coordinates")
    if geometry.get("type") != "Point" or not isinstance(coordinates, list) or len(coordinates) < 2:
        return None, None
    lon, lat = coordinates[0], coordinates[1]
    return (float(lon), float(lat)) if isinstance(lon, int | float) and isinstance(lat, int | float) else (None, None)
