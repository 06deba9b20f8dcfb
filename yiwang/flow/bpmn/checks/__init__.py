"""Soundness of a process: it can be entered and ended from everywhere, never runs in a circle, never gets stuck."""

from yiwang.flow.bpmn.checks.all import check

__all__ = ["check"]
