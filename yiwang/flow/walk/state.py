"""The instance while the walk works on it: what is alive in which scope, what has gone, and the variables seen from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from yiwang.flow.model.graph import Graph
from yiwang.flow.model.nodes import Activity, Node, UserTask
from yiwang.flow.model.rows import TokenKind
from yiwang.flow.model.settings import Scope
from yiwang.flow.walk.events import Delta, Position, Ref, ScopeState, Surroundings
from yiwang.kernel.database import Json, JsonObject


@dataclass(slots=True)
class Item:
    """An open task (kind "task") or a token that waits."""

    kind: TokenKind | str
    node: str
    flow: str
    scope: Ref | None
    of_task: UUID | None = None
    back: JsonObject | None = None


class State:
    """Things that are there, by :data:`Ref`. Added tasks go with the task they were added to."""

    __slots__ = ("_next", "delta", "graph", "items", "position", "root_variables", "scopes", "surroundings")

    def __init__(
        self, graph: Graph, position: Position, variables: Mapping[str, Json], surroundings: Surroundings
    ) -> None:
        self.graph = graph
        self.position = position
        self.surroundings = surroundings
        self.root_variables: dict[str, Json] = dict(variables)
        self.delta = Delta()
        self._next = 0
        self.items: dict[Ref, Item] = {
            task_id: Item("task", task.node, "", task.scope, task.of_task, task.back)
            for task_id, task in position.tasks.items()
        }
        for token_id, token in position.tokens.items():
            self.items[token_id] = Item(token.kind, token.node, token.flow, token.scope)
        self.scopes: dict[Ref, ScopeState] = {
            scope_id: ScopeState(
                scope.node,
                scope.kind,
                scope.parent,
                scope.definition_id,
                scope.total,
                scope.done,
                dict(scope.tally),
                list(scope.rest),
                dict(scope.variables),
            )
            for scope_id, scope in position.scopes.items()
        }

    def new_ref(self) -> int:
        self._next += 1
        return self._next

    # Where things are

    def graph_of(self, scope: Ref | None) -> Graph:
        """The graph whose nodes a scope runs: of the nearest call around it, else the instance's own."""
        definition_id = self.definition_of(scope)
        return self.graph if definition_id is None else self.surroundings.graph(definition_id)

    def definition_of(self, scope: Ref | None) -> UUID | None:
        """The called definition that a scope runs; None for the instance's own."""
        while scope is not None:
            state = self.scopes[scope]
            if state.kind == "call":
                return state.definition_id
            scope = state.parent
        return None

    def node(self, scope: Ref | None, name: str) -> Node:
        return self.graph_of(scope).nodes[name]

    def activity_of(self, scope: Ref) -> Activity:
        """The activity that a scope is of (the throwing event of a compensation is none)."""
        state = self.scopes[scope]
        node = self.node(state.parent, state.node)
        if not isinstance(node, Activity):
            raise KeyError(state.node)
        return node

    def around(self, scope: Ref | None) -> Iterator[Ref]:
        """A scope and those around it, innermost first."""
        while scope is not None:
            yield scope
            scope = self.scopes[scope].parent

    def inside(self, scope: Ref | None, around: Ref | None) -> bool:
        return around is None or around in self.around(scope)

    def content(self, scope: Ref | None) -> list[Ref]:
        """Tasks and tokens in a scope or deeper; without what only waits to be compensated."""
        return [
            ref
            for ref, item in self.items.items()
            if item.kind != "done" and item.of_task is None and self.inside(item.scope, scope)
        ]

    def children(self, scope: Ref | None) -> list[Ref]:
        return [ref for ref, state in self.scopes.items() if state.parent == scope]

    def static_scope(self, item: Item) -> Scope:
        """The branches of an item within its container."""
        graph = self.graph_of(item.scope)
        return graph.flow_scopes[item.flow] if item.flow else graph.nodes[item.node].scope

    # Variables

    def variables(self, scope: Ref | None) -> Mapping[str, Json]:
        """What is seen from a scope: the elements of the rounds around it over the call's or the instance's variables."""
        if scope is None:
            return self.root_variables
        found, called = self.own_variables(scope)
        return found if called else {**self.root_variables, **found}

    def own_variables(self, scope: Ref | None) -> tuple[dict[str, Json], bool]:
        """The elements of the rounds around a scope, up to the call around it; and whether there is one."""
        found: dict[str, Json] = {}
        for ref in self.around(scope):
            state = self.scopes[ref]
            found = {**state.variables, **found}
            if state.kind == "call":
                return found, True
        return found, False

    def assign_variables(self, scope: Ref | None, values: Mapping[str, Json]) -> None:
        """Set variables of the call around a scope, else of the instance."""
        if not values:
            return
        for ref in self.around(scope):
            state = self.scopes[ref]
            if state.kind == "call":
                state.variables.update(values)
                self.touch(ref)
                return
        self.root_variables.update(values)
        self.delta.sets.update(values)

    def touch(self, scope: Ref) -> None:
        """A stored scope has changed and is to be written."""
        if isinstance(scope, UUID):
            self.delta.changed[scope] = self.scopes[scope]

    # Coming and going

    def open_scope(self, state: ScopeState) -> int:
        ref = self.new_ref()
        self.scopes[ref] = state
        self.delta.opened[ref] = state
        return ref

    def remove(self, ref: Ref, *, dropped: bool = True) -> Item:
        """Take a task or token away, with the tasks that were added to it; stored tasks become steps that say so."""
        item = self.items.pop(ref)
        delta = self.delta
        if isinstance(ref, int):
            delta.entered.pop(ref, None)
            delta.waiting.pop(ref, None)
            self._forget(ref)
        elif item.kind == "task":
            if dropped:
                delta.dropped.append(ref)
            for other in [other for other, added in self.items.items() if added.of_task == ref]:
                self.remove(other)
        else:
            delta.joined.append(ref)
        return item

    def close_scope(self, scope: Ref) -> ScopeState:
        """Take a scope away with all that is in it."""
        self.clear(scope)
        state = self.scopes.pop(scope)
        if isinstance(scope, int):
            self.delta.opened.pop(scope, None)
            self._forget(scope)
        else:
            self.delta.closed.append(scope)
            self.delta.changed.pop(scope, None)
        return state

    def clear(self, scope: Ref | None) -> None:
        """Withdraw everything in a scope; the scope itself stays."""
        for ref in [ref for ref, item in self.items.items() if self.inside(item.scope, scope)]:
            if ref in self.items:
                self.remove(ref)
        for child in self.children(scope):
            if child in self.scopes:
                self.close_scope(child)

    def _forget(self, holder: int) -> None:
        """Timers and waits of something new that is gone again are never written."""
        delta = self.delta
        delta.timers = [timer for timer in delta.timers if timer.holder != holder]
        delta.waits = [wait for wait in delta.waits if wait.holder != holder]

    def user_task(self, ref: Ref) -> UserTask:
        item = self.items[ref]
        node = self.node(item.scope, item.node)
        if item.kind != "task" or not isinstance(node, UserTask):
            raise KeyError(item.node)
        return node

    def at_level(self, item: Item, scope: Ref | None) -> tuple[str, Scope] | None:
        """The node, and its branches, by which an item is present directly in ``scope``; None when it is not inside."""
        if item.scope == scope:
            return item.node, self.static_scope(item)
        for ref in self.around(item.scope):
            state = self.scopes[ref]
            if state.parent == scope:
                return state.node, self.graph_of(scope).nodes[state.node].scope
        return None
