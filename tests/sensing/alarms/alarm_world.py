"""The small city with gauges, rules and people, for tests that follow a value from reading to closed case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from support.small_city import SmallCity

from yiwang.casework.alarms import AlarmCases
from yiwang.kernel.access import SYSTEM, Actor, Grant
from yiwang.sensing.alarms.evidence import Evidence
from yiwang.sensing.alarms.lists import Which, listed
from yiwang.sensing.alarms.model import Alarm
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.model import Grain, Reading, rows_of
from yiwang.sensing.rules.declarations import RuleDeclaration
from yiwang.sensing.rules.following import RuleFollowing
from yiwang.sensing.rules.learning import Learning
from yiwang.sensing.rules.publishing import install
from yiwang.sensing.rules.watching import Watching

METRICS = {
    "depth": {"names": {"zh": "积水深度", "en": "Depth"}, "unit": "m", "bounds": [0, 10], "decimals": 2},
    "rain_rate": {"names": {"zh": "雨强", "en": "Rain"}, "unit": "mm/h", "bounds": [0, 400], "decimals": 0},
}
PROFILE = {
    "names": {"zh": "积水监测", "en": "Gauge"},
    "protocol": "http",
    "interval": "1min",
    "offline_after": "10min",
    "measures": {"depth": {}, "rain_rate": {}},
}
FLOODED = {
    "names": {"zh": "地道积水", "en": "Underpass flooded"},
    "profile": "test-gauge",
    "when": {"metric": "depth", "above": 0.27, "clear_below": 0.2},
    "severity": "major",
    "steps": [{"above": 0.5, "severity": "critical"}],
    "opens": {
        "case": "urban-case",
        "class": "99999",
        "text": {"zh": "{device}积水 {value} {unit},超过 {limit}", "en": "{device}: {value}"},
        "again": "2h",
    },
}


class AlarmWorld:
    """What tests do, in the words of the city."""

    def __init__(self, city: SmallCity) -> None:
        self.city = city
        self.sensing = city.services.sensing
        self.context = city.services.context
        cases = city.cases
        evidence = Evidence(self.sensing.directory, self.sensing.readings.lake)
        self.cases = AlarmCases(cases.parts, cases.drafting, cases.opening, cases.operations, evidence)
        self.watching = Watching(self.context, self.sensing.directory, self.sensing.book)
        self.learning = Learning(self.context, self.sensing.directory, self.sensing.book)
        self.following = self.new_worker()
        self.devices: dict[str, int] = {}
        self.metrics: dict[str, int] = {}

    def new_worker(self) -> RuleFollowing:
        """Another worker process's follower."""
        return RuleFollowing(self.context, self.sensing.directory, self.sensing.book)

    async def found(self, gauges: int = 12) -> None:
        """Metrics, a profile and gauges that stand in the small city; the followers are known."""
        metrics = {key: MetricDeclaration.model_validate(body) for key, body in METRICS.items()}
        profile = ProfileDeclaration.model_validate(PROFILE)
        now = self.city.now()
        async with self.context.database.transaction() as connection:
            await publish_signals(connection, metrics, [("test", "test-gauge", profile)], now)
            await connection.execute(
                "insert into device (code, profile, protocol, address, names, area, position, attributes, created_at, updated_at,"
                " version) select 'G-' || n, 'test-gauge', 'http', 'g' || n, jsonb_build_object('zh', n || '号积水点', 'en',"
                " 'Gauge ' || n), '120199001', st_setsrid(st_makepoint(117.005 + n * 0.0007, 39.008), 4326),"
                " jsonb_build_object('substation', 's' || (n % 2)), $1, $1, (select version from device_version)"
                " from generate_series(1, $2) n",
                now,
                gauges,
            )
            await connection.execute("update device_version set version = version + 1")
            await connection.execute("update device set version = (select version from device_version)")
        await self.sensing.directory.refresh()
        self.devices = {device.code: device.id for device in self.sensing.directory.devices()}
        self.metrics = {code: metric.id for code, metric in self.sensing.directory.metrics.items()}
        await self.following.advance()

    async def rules(self, **declared: Mapping[str, object]) -> None:
        """Exactly these rules of the pack ``test``; names with _ for -."""
        found = {name.replace("_", "-"): RuleDeclaration.model_validate(body) for name, body in declared.items()}
        async with self.context.database.transaction() as connection:
            await install(connection, [("test", found)], SYSTEM, self.city.now())

    async def measure(
        self, gauge: str, *values: float, metric: str = "depth", at: datetime | None = None, step: float = 60
    ) -> None:
        """Values that came in, ``step`` seconds apart, the last one now (or at ``at``), and are judged."""
        await self.arrive(gauge, values, metric=metric, at=at, step=step)
        await self.judge()

    async def arrive(
        self,
        gauge: str,
        values: Sequence[float],
        *,
        metric: str = "depth",
        at: datetime | None = None,
        step: float = 60,
    ) -> None:
        last = at or self.city.now()
        readings = [
            Reading(
                self.devices[gauge], self.metrics[metric], Grain.REAL,
                last - timedelta(seconds=step * (len(values) - 1 - place)), value,
            )
            for place, value in enumerate(values)
        ]  # fmt: skip
        written = await self.sensing.writer.put(rows_of(readings))
        assert written.refused == 0

    async def judge(self) -> int:
        """All that has arrived."""
        count = 0
        while found := await self.following.advance():
            count += found
        return count

    async def alarms(self, actor: Actor = SYSTEM, **which: object) -> list[Alarm]:
        async with self.context.database.connection() as connection:
            return await listed(connection, actor, Which(**which), before=None, limit=200)  # type: ignore[arg-type]

    async def alarm(self, gauge: str) -> Alarm:
        """The newest alarm of a gauge."""
        return (await self.alarms(device=self.devices[gauge]))[0]

    async def work(self) -> None:
        """What the worker does about alarms and cases, until nothing is left."""
        for _ in range(20):
            done = await self.judge() + await self.cases.open_due() + await self.cases.tell_due()
            await self.cases.follow_closed()
            if not done:
                return

    async def verbs(self, alarm: Alarm) -> list[str]:
        return [row.entry.verb for row in await self.sensing.alarms.story(SYSTEM, alarm.id)]


def warden(*verbs: str, area: str = "") -> Actor:
    """Somebody who may do these things with alarms there."""
    return Actor(kind="person", name="值班员", grants=(Grant("alarm", frozenset(verbs), area),))
