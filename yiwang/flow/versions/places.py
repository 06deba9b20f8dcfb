"""Where an instance stands in the new version: its scopes, tasks and tokens, element by element. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from yiwang.flow.model import (
    Activity,
    CallActivity,
    CatchEvent,
    EndEvent,
    Graph,
    Names,
    Node,
    Scope,
    ScopeRow,
    ServiceTask,
    SubProcess,
    TaskRow,
    ThrowEvent,
    TokenRow,
    UserTask,
)
from yiwang.flow.versions.bridge import Bridge
from yiwang.flow.versions.marking import judge_places
from yiwang.flow.versions.matching import trigger_of
from yiwang.flow.versions.obstacles import Remark, note, obstacle
from yiwang.flow.versions.telling import TRIGGERS, called
from yiwang.flow.versions.whole import Whole, Within
from yiwang.kernel.database import Json, JsonObject


class Places:
    """``tasks``, ``tokens`` and ``scopes`` are those of the new version, by id; what is of a called definition stays."""

    def __init__(self, whole: Whole, bridge: Bridge) -> None:
        self.whole, self.bridge = whole, bridge
        self.within = Within(whole)
        self.tasks = {task.id: task for task in whole.tasks}
        self.tokens = {token.id: token for token in whole.tokens}
        self.scopes = {scope.id: scope for scope in whole.scopes}
        self.obstacles: list[Remark] = []
        self.notes: list[Remark] = []

    def go(self) -> None:
        """Bring everything over that can be; obstacles tell of what cannot."""
        for scope in self.whole.scopes:
            if not self.within.in_call(scope.parent_id):
                self._scope(scope)
        for task in self.whole.tasks:
            if not self.within.in_call(task.scope_id):
                self._task(task)
        for token in self.whole.tokens:
            if not self.within.in_call(token.scope_id):
                self._token(token)
        if not self.obstacles:
            for level in (None, *(scope.id for scope in self.whole.scopes if self._is_level(scope))):
                self._branches(level)

    # Which element

    def node(self, name: str, scope_id: UUID | None, code: str = "") -> Node | None:
        """The element of the new version for an old one that is active in a scope; None, with an obstacle, if there is none."""
        found = self.bridge.node(name)
        if found is None:
            missing = self.bridge.missing(name)
            self.obstacles.append(obstacle(code, name, self.bridge.name(name)) if code else missing)
            return None
        home = self._home(scope_id)
        if home is not None and found.container != home:
            place = self.bridge.new.nodes.get(found.container)
            inside = called(place) if place is not None else Names("主流程", "the main flow")
            self.obstacles.append(obstacle("container_differs", name, self.bridge.name(name), inside))
            return None
        return found

    def _home(self, scope_id: UUID | None) -> str | None:
        """The sub-process of the new version that a scope runs; "" for the process, None where that is not known."""
        for scope in self.within.around(scope_id):
            if scope.kind in ("sub", "event"):
                old = self.bridge.old.nodes.get(scope.node)
                if isinstance(old, SubProcess):
                    return self.bridge.nodes.get(scope.node)
        return ""

    def _is_level(self, scope: ScopeRow) -> bool:
        """Whether a scope holds tokens of branches of its own, of a sub-process of this definition."""
        inside = isinstance(self.bridge.old.nodes.get(scope.node), SubProcess)
        return inside and scope.kind in ("sub", "event") and not self.within.in_call(scope.id)

    # Scopes

    def _scope(self, scope: ScopeRow) -> None:
        found = self.node(scope.node, scope.parent_id)
        if found is None:
            return
        fits = True
        match scope.kind:
            case "multi":
                fits = self._round(scope, found)
            case "call":
                fits = self._call(scope, found) and self._once(scope.node, scope.parent_id, found)
            case "undo":
                fits = self._undo(scope, found)
            case "sub":
                fits = self._once(scope.node, scope.parent_id, found)
            case _:
                pass
        if fits:
            kept = self.scopes[scope.id]
            self.scopes[scope.id] = replace(kept, node=found.id, variables=self._local(scope, found))

    def _once(self, name: str, scope_id: UUID | None, found: Node) -> bool:
        """What is done once must still be; in a round the round itself is looked at."""
        in_round = self.within.round_of(name, scope_id) is not None
        if in_round or not isinstance(found, Activity) or found.multi is None:
            return True
        self.obstacles.append(obstacle("becomes_round", name, self.bridge.name(name)))
        return False

    def _round(self, scope: ScopeRow, found: Node) -> bool:
        name = self.bridge.name(scope.node)
        if not isinstance(found, Activity) or found.multi is None:
            self.obstacles.append(obstacle("round_differs", scope.node, name))
            return False
        old = self.bridge.old.nodes[scope.node]
        if isinstance(found, UserTask) and isinstance(old, UserTask):
            unknown = [answer for answer, count in scope.tally.items() if count and answer not in found.outcomes]
            if unknown:
                self.obstacles.append(obstacle("answers_unknown", scope.node, name, "、".join(unknown)))
                return False
            if old.multi is not None and old.multi.sign != found.multi.sign:
                self.notes.append(note("sign_differs", scope.node, name))
        return True

    def _call(self, scope: ScopeRow, found: Node) -> bool:
        old = self.bridge.old.nodes[scope.node]
        if isinstance(old, CallActivity) and isinstance(found, CallActivity) and old.called != found.called:
            self.obstacles.append(obstacle("call_differs", scope.node, self.bridge.name(scope.node), old.called))
            return False
        return True

    def _undo(self, scope: ScopeRow, found: Node) -> bool:
        """A compensation goes on with what it has yet to undo."""
        trigger = trigger_of(found)
        if not isinstance(found, ThrowEvent | EndEvent) or trigger is None or trigger.kind != "compensation":
            self.obstacles.append(self._differs(scope.node, found))
            return False
        rest = scope.rest.get("next")
        left: list[Json] = []
        for element in rest if isinstance(rest, list) else ():
            activity = element.get("activity") if isinstance(element, dict) else None
            target = self.bridge.node(activity) if isinstance(activity, str) else None
            if isinstance(target, Activity) and target.compensation:
                left.append({"activity": target.id})
            elif isinstance(activity, str):
                self.notes.append(note("undo_dropped", activity, self.bridge.name(activity)))
        self.scopes[scope.id] = replace(scope, rest={"next": left} if left else {})
        return True

    def _local(self, scope: ScopeRow, found: Node) -> JsonObject:
        """The variables of one element of a round, under the name that the new version gives it."""
        old = self.bridge.old.nodes[scope.node]
        if not self.within.is_wrapper(scope) or not (isinstance(old, Activity) and isinstance(found, Activity)):
            return scope.variables
        if old.multi is None or found.multi is None or old.multi.item == found.multi.item:
            return scope.variables
        return {found.multi.item if name == old.multi.item else name: item for name, item in scope.variables.items()}

    # Tasks and tokens

    def _task(self, task: TaskRow) -> None:
        found = self.node(task.node, task.scope_id)
        if not isinstance(found, UserTask) or not self._once(task.node, task.scope_id, found):
            return
        origin = dict(task.origin) if task.origin else None
        if origin is not None:
            after = origin.get("after")
            given = after.get("outcome") if isinstance(after, dict) else None
            if isinstance(given, str) and given not in found.outcomes:
                self.obstacles.append(obstacle("outcome_gone", task.node, self.bridge.name(task.node), given))
                return
            origin = self._straight(task, origin)
        self.tasks[task.id] = replace(
            task, node=found.id, stage=found.stage, status=found.status, origin=origin or None
        )

    def _straight(self, task: TaskRow, origin: JsonObject) -> JsonObject:
        """Where a task goes straight back to when done (退回后直送)."""
        back = origin.get("back")
        if not isinstance(back, dict):
            return origin
        name = str(back.get("node"))
        target = self.bridge.node(name)
        people = back.get("people")
        fits = isinstance(target, UserTask) and (target.multi is not None) == isinstance(people, list)
        if target is not None and fits:
            return {**origin, "back": {**back, "node": target.id}}
        self.notes.append(note("back_dropped", task.node, other=self.bridge.name(name)))
        return {key: value for key, value in origin.items() if key != "back"}

    def _token(self, token: TokenRow) -> None:
        if token.kind == "done":
            self._undoable(token)
            return
        found = self.node(token.node, token.scope_id, "join_gone" if token.kind == "join" else "")
        if found is None:
            return
        if token.kind == "join":
            flow = self.bridge.flow(token.sequence_flow, found) if len(found.incoming) > 1 else None
            if flow is None:
                code = "connection_gone" if len(found.incoming) > 1 else "join_gone"
                self.obstacles.append(obstacle(code, token.node, self.bridge.name(token.node)))
                return
            self.tokens[token.id] = replace(token, node=found.id, sequence_flow=flow)
        elif self._waits_alike(token, found) and self._once(token.node, token.scope_id, found):
            self.tokens[token.id] = replace(token, node=found.id)

    def _waits_alike(self, token: TokenRow, found: Node) -> bool:
        old = self.bridge.old.nodes[token.node]
        fits = True
        if isinstance(old, CatchEvent) and isinstance(found, CatchEvent):
            reset = self.bridge.mapping.policy(token.node, found.id) == "reset"
            fits = found.trigger.kind != "link" and (old.trigger.kind == found.trigger.kind or reset)
        elif isinstance(found, ServiceTask):
            fits = bool(found.topic)
        if not fits:
            self.obstacles.append(self._differs(token.node, found))
        return fits

    def _differs(self, name: str, found: Node) -> Remark:
        trigger = trigger_of(found)
        kind = TRIGGERS[trigger.kind] if trigger is not None else called(found)
        return obstacle("event_differs", name, self.bridge.name(name), kind)

    def _undoable(self, token: TokenRow) -> None:
        """A finished activity that could be undone still can, or not any more, which holds nothing up."""
        found = self.bridge.node(token.node)
        if isinstance(found, EndEvent) and found.worded:
            self.tokens[token.id] = replace(token, node=found.id)
            return
        if isinstance(found, Activity) and found.compensation and found.container == self._home(token.scope_id):
            self.tokens[token.id] = replace(token, node=found.id)
            return
        self.tokens.pop(token.id)
        self.notes.append(note("undo_dropped", token.node, self.bridge.name(token.node)))

    # Branches

    def _branches(self, level: UUID | None) -> None:
        """Whether what stands in one container stands soundly there."""
        old, new = (
            list(self._laid(level, self.bridge.old, before=True)),
            list(self._laid(level, self.bridge.new, before=False)),
        )
        obstacles, notes = judge_places(self.bridge, old, new)
        self.obstacles += obstacles
        self.notes += notes

    def _laid(self, level: UUID | None, graph: Graph, *, before: bool) -> Iterable[Scope]:
        """The branches of what stands directly in a container, in the same order for both versions."""
        for task in self.whole.tasks:
            if task.scope_id == level and task.of_task is None:
                yield graph.nodes[(task if before else self.tasks[task.id]).node].scope
        for token in self.whole.tokens:
            if token.scope_id == level and token.kind != "done":
                row = token if before else self.tokens[token.id]
                yield graph.flow_scopes[row.sequence_flow] if row.sequence_flow else graph.nodes[row.node].scope
        for scope in self.whole.scopes:
            if scope.parent_id == level and scope.kind != "event":
                yield graph.nodes[(scope if before else self.scopes[scope.id]).node].scope
