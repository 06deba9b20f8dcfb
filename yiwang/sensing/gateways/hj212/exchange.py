"""One request to a device and its answers (请求应答过程, chapter 6.2): sent, accepted (9011), uploads, executed (9012).

Not accepted within the timeout: sent again, three times in all by default, then the request has failed and the link
counts as dead. Accepted but not executed in time: failed, not sent again. A machine of states without input or
output: the caller sends what :meth:`Exchange.due` gives and asks :attr:`Exchange.outcome`. Times are seconds of any
steady clock.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from yiwang.kernel.database import JsonObject
from yiwang.sensing.gateways.hj212 import commands as cn
from yiwang.sensing.gateways.hj212.fields import DataArea, bare_text
from yiwang.sensing.gateways.hj212.frames import Execution, Frame, Result
from yiwang.sensing.gateways.hj212.requests import Request

ANSWER_SECONDS: Final = 10.0
ATTEMPTS: Final = 3
EXECUTION_SECONDS: Final = 60.0
_MOST_TEXTS: Final = 50


class Step(enum.Enum):
    """Where an exchange stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended: ``answer`` is what is kept with the command. ``link_dead``: nothing was heard at all."""

    ok: bool
    answer: JsonObject
    link_dead: bool = False


class Exchange:
    """A request under way. ``number`` is its QN; ``deadline``: when :meth:`due` has something to say again."""

    __slots__ = (
        "_attempts", "_attempts_left", "_collected", "_execution_seconds", "_seconds", "_texts", "deadline", "number", "outcome",
        "readings", "request", "step", "uploads",
    )  # fmt: skip

    def __init__(
        self,
        request: Request,
        number: str,
        *,
        seconds: float = ANSWER_SECONDS,
        attempts: int = ATTEMPTS,
        execution_seconds: float = EXECUTION_SECONDS,
    ) -> None:
        self.request = request
        self.number = number
        self.step = Step.WAITING
        self.outcome: Outcome | None = None
        self.uploads = 0
        self.readings = 0
        self._collected: dict[str, str] = {}
        self._texts: list[str] = []
        self._seconds, self._attempts, self._attempts_left = seconds, attempts, attempts
        self._execution_seconds = execution_seconds
        self.deadline = 0.0

    def due(self, now: float) -> bool:
        """Whether the request is to be sent (again) now. Sets :attr:`outcome` when time has run out."""
        if self.step is Step.DONE or now < self.deadline:
            return False
        if self.step is Step.ACCEPTED:
            self._end(False, {"reason": "execution_timeout"})
            return False
        if not self._attempts_left:
            self._end(False, {"reason": "no_answer", "attempts": self._attempts}, link_dead=True)
            return False
        self._attempts_left -= 1
        self.deadline = now + self._seconds
        return True

    def belongs(self, answer: Frame, area: DataArea) -> bool:
        """Whether an answer is to this request: by QN in the header, or (2005) in the data area; an answer without
        any is taken."""
        number = answer.number or area.fields.get("QN", "")
        return number in ("", self.number)

    def accepted(self, area: DataArea, now: float) -> None:
        """9011 came."""
        if self.step is not Step.WAITING:
            return
        result = area.integer("QnRtn")
        if result == Result.READY:
            self.step = Step.ACCEPTED
            self.deadline = now + self._execution_seconds
        else:
            self._end(False, {"reason": "refused", "QnRtn": result or 0, "meaning": _name(Result, result)})

    def executed(self, area: DataArea) -> None:
        """9012 came; devices that leave out 9011 are understood."""
        if self.step is Step.DONE:
            return
        result = area.integer("ExeRtn")
        if result == Execution.DONE:
            self._end(True, {})
        else:
            self._end(False, {"reason": "not_executed", "ExeRtn": result or 0, "meaning": _name(Execution, result)})

    def noticed(self) -> None:
        """9013 came: the end of a notice."""
        if self.request.notice and self.step is not Step.DONE:
            self._end(True, {})

    def uploaded(self, upload: Frame, area: DataArea, readings: int, now: float) -> None:
        """An upload of the code that is asked for came and was stored."""
        if self.step is Step.DONE or upload.command != self.request.collects:
            return
        self.step = Step.ACCEPTED
        self.deadline = now + self._execution_seconds
        self.uploads += 1
        self.readings += readings
        for name, value in area.fields.items():
            if name not in ("DataTime", "QN") and len(self._collected) < _MOST_TEXTS:
                self._collected[name] = value[:200]
        if upload.command in (cn.SITE_INFO, cn.UNIQUE_ID):
            for factor in area.factors:
                for suffix, text in (
                    *factor.texts.items(),
                    *((name, f"{number:g}") for name, number in factor.numbers.items()),
                ):
                    if len(self._texts) < _MOST_TEXTS:
                        self._texts.append(f"{factor.code}-{suffix}={bare_text(text)[:400]}")

    def abandoned(self) -> None:
        """The connection was lost."""
        if self.step is not Step.DONE:
            self._end(False, {"reason": "connection_lost"}, link_dead=True)

    def _end(self, ok: bool, answer: JsonObject, *, link_dead: bool = False) -> None:
        self.step = Step.DONE
        whole: JsonObject = dict(answer)
        if self.request.collects:
            whole["uploads"] = self.uploads
            whole["readings"] = self.readings
        if self._collected:
            whole["fields"] = dict(self._collected)
        if self._texts:
            whole["texts"] = list(self._texts)
        self.outcome = Outcome(ok, whole, link_dead)


def _name(kind: type[enum.IntEnum], value: int | None) -> str:
    try:
        return kind(value or 0).name.lower()
    except ValueError:
        return "unknown"
