"""The verbs of flow. Other engines call only :class:`FlowService`."""

from yiwang.flow.service.base import Listener
from yiwang.flow.service.definitions import Drafted
from yiwang.flow.service.service import FlowService

__all__ = ["Drafted", "FlowService", "Listener"]
