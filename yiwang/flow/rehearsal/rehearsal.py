"""The verbs of a rehearsal: start, finish, send back, let time pass, let messages come; and what waits now, with whom.

Each does what the verb of the same name in ``yiwang.flow.service`` does. What instances throw is delivered at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from yiwang.flow.changes import Changes
from yiwang.flow.clocks import read_clocks, write_clocks
from yiwang.flow.errors import (
    InstanceNotSuspended,
    OutcomeUnknown,
    StepNotReachable,
    TaskAlreadyDone,
    TaskNotYours,
)
from yiwang.flow.model import (
    TaskRow,
    Thrown,
)
from yiwang.flow.rehearsal.rows import Rows
from yiwang.flow.rehearsal.stage import Moment, Stage
from yiwang.flow.service.base import check_variables, require_apart
from yiwang.flow.service.returning import straight_back
from yiwang.flow.standing import Act
from yiwang.flow.walk import Cancelled, Completed, Event, Jumped, SentBack, Worked
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Json
from yiwang.kernel.errors import NotFound


class Rehearsal(Stage):
    """Verbs of people and of other systems; each acts on the instance of that name."""

    # People

    def task(self, instance: str, node: str, by: Actor, item: Json = None) -> TaskRow:
        """The open task of that step that ``by`` may act on; ``item`` chooses the round's element that it is for.

        Raises:
            NotFound: no such task is open. TaskAlreadyDone: it was. TaskNotYours: others have it.
        """
        rows = self._rows(instance)
        open_ = [task for task in rows.tasks.values() if task.node == node and not task.held]
        there = [task for task in open_ if item is None or rows.is_for(task.scope_id, item, task.origin)]
        if not there:
            done = next((step for step in reversed(rows.steps) if step.node == node), None)
            if done is None:
                raise NotFound(what=f"任务 {node}")
            raise TaskAlreadyDone(
                who=done.actor_name, when=self._local(done.done_at), outcome=done.outcome, account_id=None
            )
        for task in there:
            with_person = task.assignee_id is not None
            own = by.account_id == task.assignee_id if with_person else task.post_id in by.posts
            if own or by.reaches(
                "task", "complete_any", area=task.area, organisation=task.organisation_id, grid=task.grid
            ):
                return task
        raise TaskNotYours()

    def outcomes(self, instance: str, node: str, by: Actor, item: Json = None) -> tuple[str, ...]:
        """The outcomes of an open task. Raises: as :meth:`task`."""
        task = self.task(instance, node, by, item)
        return tuple(self._rows(instance).standing(self._known).graph_of(task).task(node).outcomes)

    def complete(
        self,
        instance: str,
        node: str,
        outcome: str,
        by: Actor,
        variables: Mapping[str, Json] | None = None,
        *,
        item: Json = None,
        note: str = "",
    ) -> list[Moment]:
        """Finish a step."""
        before = len(self.moments)
        task = self.task(instance, node, by, item)
        rows = self._active(instance)
        standing = rows.standing(self._known)
        step = standing.graph_of(task).task(node)
        if outcome not in step.outcomes:
            raise OutcomeUnknown(name=step.names.zh, outcome=outcome[:60], allowed="、".join(step.outcomes))
        require_apart(step, by, standing.variables_of(task))
        given = dict(variables or {})
        act = Act("complete", by, self.now, outcome=outcome, note=note)
        who = str(by.account_id) if by.account_id is not None else None
        if task.scope_id is None:
            self._go(instance, rows, Completed(task.id, outcome, by=who), act, given, node=node)
        else:
            check_variables(given, given)
            self._go(instance, rows, Completed(task.id, outcome, given, who), act, node=node)
        self._deliver()
        return self.moments[before:]

    def send_back(
        self, instance: str, node: str, to: str, by: Actor, *, item: Json = None, note: str = ""
    ) -> list[Moment]:
        """Send a step back (退回) to one that was walked."""
        before = len(self.moments)
        task = self.task(instance, node, by, item)
        rows = self._active(instance)
        standing = rows.standing(self._known)
        step = rows.last_step(to)
        if step is None:
            raise StepNotReachable(
                node=to[:60],
                reason_zh="本件没有办理过这一步,只能退回到走过的步骤",
                reason_en="this instance has not been there; only steps walked before can be chosen",
            )
        event = SentBack(task.id, to, self.queue_of(step), straight_back(standing, task))
        self._go(instance, rows, event, Act("send_back", by, self.now, left="sent_back", note=note), node=node)
        self._deliver()
        return self.moments[before:]

    def jump(self, instance: str, node: str, by: Actor = SYSTEM, *, note: str = "") -> list[Moment]:
        """Set an instance on a step or end (跳转)."""
        act = Act("jump", by, self.now, dropped="jumped", note=note)
        return self._alone(instance, self._active(instance), Jumped(node), act, node)

    def cancel(self, instance: str, by: Actor = SYSTEM, *, note: str = "") -> list[Moment]:
        """Give an instance up (作废)."""
        act = Act("cancel", by, self.now, dropped="cancelled", note=note)
        return self._alone(instance, self._open(instance), Cancelled(), act, "")

    def _alone(self, instance: str, rows: Rows, event: Event, act: Act, node: str) -> list[Moment]:
        before = len(self.moments)
        self._go(instance, rows, event, act, node=node)
        self._deliver()
        return self.moments[before:]

    def suspend(self, instance: str, by: Actor = SYSTEM) -> list[Moment]:
        """Put an instance on hold (挂账): clocks, deadlines and timers stand still."""
        rows, timing = self._active(instance), self.timing
        held = {name: clock.pause(self.now) for name, clock in read_clocks(rows.instance.clocks, self.calendar).items()}
        stored = write_clocks(held, self.calendar)
        row = replace(rows.instance, state="suspended", suspended_at=self.now, clocks=stored)
        changes = Changes(
            instance=row,
            tasks_retimed=[timing.paused(task) for task in rows.tasks.values()],
            timers_retimed=[timing.timer_paused(timer) for timer in rows.timers.values()],
        )
        return self._unmoved(instance, rows, changes, Act("suspend", by, self.now))

    def resume(self, instance: str, by: Actor = SYSTEM) -> list[Moment]:
        """Let a suspended instance go on (恢复) with what was left of every deadline."""
        rows, timing = self._open(instance), self.timing
        if rows.instance.suspended_at is None:
            raise InstanceNotSuspended()
        clocks = read_clocks(rows.instance.clocks, self.calendar)
        going = {name: clock.resume(self.now, self.calendar) for name, clock in clocks.items()}
        stored = write_clocks(going, self.calendar)
        row = replace(rows.instance, state="active", suspended_at=None, clocks=stored)
        changes = Changes(
            instance=row,
            tasks_retimed=[timing.resumed(task, going) for task in rows.tasks.values()],
            timers_retimed=[timing.timer_resumed(timer) for timer in rows.timers.values()],
        )
        return self._unmoved(instance, rows, changes, Act("resume", by, self.now))

    # What comes from elsewhere

    def message(
        self, name: str, key: str = "", variables: Mapping[str, Json] | None = None, *, area: str = ""
    ) -> list[Moment]:
        """A message from outside, for whoever waits for its name and key, else for the definition that starts with it."""
        before = len(self.moments)
        given = dict(variables or {})
        check_variables(given, given)
        self._mail.receive(self, name, key, given, area)
        self._deliver()
        return self.moments[before:]

    def signal(self, name: str, variables: Mapping[str, Json] | None = None) -> list[Moment]:
        """A signal from outside, for all who wait for it now and every definition that starts with it."""
        before = len(self.moments)
        given = dict(variables or {})
        check_variables(given, given)
        self._mail.post(Thrown("signal", name, ""), given, self.now)
        self._deliver()
        return self.moments[before:]

    def work(
        self,
        instance: str,
        node: str,
        variables: Mapping[str, Json] | None = None,
        *,
        error: str | None = None,
        item: Json = None,
    ) -> list[Moment]:
        """A worker reports the work of a service task (its id or topic) done, or ended in a business error."""
        before = len(self.moments)
        rows = self._active(instance)
        works = (wait for wait in rows.waits.values() if wait.kind == "work" and node in (wait.node, wait.name))
        wait = next((wait for wait in works if item is None or rows.is_for(rows.scope_of(wait), item)), None)
        if wait is None:
            raise NotFound(what=f"工作项 {node}")
        given = dict(variables or {})
        check_variables(given, given)
        act = Act("work", SYSTEM, self.now, left="event", timer=wait.node)
        self._go(instance, rows, Worked(wait.holder_id, given, error), act, node=wait.node)
        self._deliver()
        return self.moments[before:]
