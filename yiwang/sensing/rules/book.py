"""The rules in force, compiled, as this process knows them; renewed when one is published or retired."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel import logs
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Connection
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.rules import store
from yiwang.sensing.rules.compiling import compile_rule
from yiwang.sensing.rules.errors import MetricOfRuleUnknown
from yiwang.sensing.rules.model import Rule

log = logs.get("alarm-rules")


class RuleBook:
    """Rules by code. :meth:`refresh` before use; one query when nothing is new."""

    def __init__(self, directory: DeviceDirectory, calendar: WorkingCalendar) -> None:
        self._directory = directory
        self._calendar = calendar
        self._version = -1
        self._directory_version = -1
        self._rules: dict[str, Rule] = {}

    @property
    def version(self) -> tuple[int, int]:
        """Moves whenever the rules, or the devices that they watch, may have changed."""
        return self._version, self._directory_version

    @property
    def rules(self) -> Mapping[str, Rule]:
        return self._rules

    async def refresh(self, connection: Connection) -> bool:
        """Take over what was published since; whether anything changed."""
        version = await store.book_version(connection)
        if (version, self._directory.version) == self.version:
            return False
        metrics = {code: metric.id for code, metric in self._directory.metrics.items()}
        rules: dict[str, Rule] = {}
        for row in await store.published(connection):
            try:
                rules[row.code] = compile_rule(row.code, row.version, row.declaration, metrics, self._calendar)
            except MetricOfRuleUnknown as error:
                log.warning("a rule waits for its metric", rule=row.code, error=error.message("en"))
        self._rules = rules
        self._version, self._directory_version = version, self._directory.version
        return True
