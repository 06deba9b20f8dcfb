"""The service that other engines hold: all verbs in one class, one room per concern."""

from __future__ import annotations

from yiwang.flow.service.calendars import CalendarVerbs
from yiwang.flow.service.extending import ExtensionVerbs
from yiwang.flow.service.informing import InformingVerbs
from yiwang.flow.service.queues import QueueVerbs
from yiwang.flow.service.recalling import RecallVerbs
from yiwang.flow.service.rounds import RoundVerbs
from yiwang.flow.service.works import WorkVerbs


class FlowService(RoundVerbs, RecallVerbs, QueueVerbs, ExtensionVerbs, InformingVerbs, CalendarVerbs, WorkVerbs):
    """Definitions, instances, tasks, timers, messages and work of one process.

    Every verb takes the caller's connection first and runs in its transaction, which must be read committed; only
    :meth:`act_due` with its parts and :meth:`follow_calendar` open their own. A verb locks its instance's row until that
    transaction ends, so verbs on one instance follow one another, and those on different instances never wait. The caller
    writes the journal, because it knows what the act means for its subject; flow journals what it does by itself
    (definitions, timers, events, instances that are their own subject).
    """
