"""The verbs of flow. Other engines call only :class:`FlowService`."""

from yiwang.flow.service.base import Listener
from yiwang.flow.service.definitions import Drafted
from yiwang.flow.service.service import FlowService
from yiwang.flow.store.locking import LOCKED_COLUMNS, locked_of

__all__ = ["LOCKED_COLUMNS", "Drafted", "FlowService", "Listener", "locked_of"]
