"""SpiffWorkflow on the same drawing: what a workflow library that keeps a serialised state per instance needs for a step."""

from __future__ import annotations

import importlib.util
import io
import time
from typing import Any


def available() -> bool:
    """Whether the library is installed (it is a development dependency)."""
    return importlib.util.find_spec("SpiffWorkflow") is not None


def steps_a_second(drawing: str, seconds: float) -> float:
    """Deserialise, finish one user task, serialise; over and over."""
    serialiser, spec = _prepared(drawing)
    steps, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        text = _begun(serialiser, spec)
        while True:
            workflow = serialiser.deserialize_json(text)
            ready = _ready(workflow)
            if not ready:
                break
            ready[0].run()
            workflow.do_engine_steps()
            text = serialiser.serialize_json(workflow)
            steps += 1
    return steps / spent


def state_bytes(drawing: str) -> int:
    """The serialised state of an instance after three steps."""
    serialiser, spec = _prepared(drawing)
    text = _begun(serialiser, spec)
    for _ in range(3):
        workflow = serialiser.deserialize_json(text)
        _ready(workflow)[0].run()
        workflow.do_engine_steps()
        text = serialiser.serialize_json(workflow)
    return len(text.encode())


def _prepared(drawing: str) -> tuple[Any, Any]:
    from SpiffWorkflow.bpmn.parser import BpmnParser
    from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

    parser = BpmnParser()
    parser.add_bpmn_io(io.BytesIO(plain(drawing).encode()))
    return BpmnWorkflowSerializer(), parser.get_spec(parser.get_process_ids()[0])


def _begun(serialiser: Any, spec: Any) -> str:
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

    workflow = BpmnWorkflow(spec)
    workflow.task_tree.data.update({"amount": 5})
    workflow.do_engine_steps()
    return str(serialiser.serialize_json(workflow))


def _ready(workflow: Any) -> list[Any]:
    from SpiffWorkflow.util.task import TaskState

    return [task for task in workflow.get_tasks(state=TaskState.READY) if task.task_spec.manual]


def plain(drawing: str) -> str:
    """The drawing with conditions that the library's Python expressions understand."""
    return drawing.replace(' language="https://cel.dev"', "").replace("&amp;&amp;", "and")
