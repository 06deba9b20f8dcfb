"""Processor time of an installation: less shaken by a busy machine than wall time, so a change shows in it first."""

from __future__ import annotations

from bench.installation import cpu_seconds, family
from bench.stage import Stage


def cpu_of(stage: Stage) -> float:
    """Seconds of processor that the web workers and the database server have used so far (the latter if it is ours)."""
    pids = stage.web.worker_pids()
    if stage.cluster.own_url is None:
        postmaster = stage.cluster.server.status().pid
        pids += family(postmaster) if postmaster else []
    return sum(map(cpu_seconds, pids))
