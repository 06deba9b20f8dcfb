"""Ending with one's parent: a process that serves on after its supervisor was killed would hold the port for ever."""

from __future__ import annotations

import os
import signal
import threading
import time

_look_seconds = 0.5


def end_with_parent() -> None:
    """From now on, end this process as SIGTERM does when its parent is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_look_seconds)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
