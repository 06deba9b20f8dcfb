"""The base counts (基数) of evaluation: what each counts, on which day, and for whom. The words of all indicators.

Names and formulas follow GB/T 30428.4 practice as published by cities. A count belongs to a day: most to the day on which
the thing happened, those about a deadline to the day on which the deadline fell (``by_deadline``), so that a numerator
always lies within its denominator. The number of a count is stored and never given to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple


class Count(IntEnum):
    """Numbers of the base counts, as stored."""

    REPORTED = 1
    VALID = 2
    REPEATED = 3
    NOT_ACCEPTED = 4
    ACCEPTED = 5
    FILED = 6
    FILED_RIGHT = 7
    FILED_IN_TIME = 8
    FILING_DUE = 9
    VOIDED = 10
    VERIFY_DUE = 11
    VERIFIED = 12
    VERIFIED_IN_TIME = 13
    VERIFY_SENT = 14
    VERIFY_SENT_IN_TIME = 15
    DISPATCH_DUE = 16
    DISPATCHED = 17
    DISPATCHED_IN_TIME = 18
    DISPATCHED_RIGHT = 19
    CHECK_DUE = 20
    CHECKED = 21
    CHECKED_IN_TIME = 22
    CHECK_PASSED = 23
    CHECK_SENT = 24
    CHECK_SENT_IN_TIME = 25
    CLOSING_DUE = 26
    CLOSED_STEP_IN_TIME = 27
    VISIT_DUE = 28
    VISITED = 29
    VISITED_IN_TIME = 30
    RATED = 31
    SATISFIED = 32
    HANDLE_DUE = 33
    HANDLED_OF_DUE = 34
    HANDLED_IN_TIME = 35
    HANDLED_LATE = 36
    OVERDUE = 37
    HANDLED = 38
    EXEMPTED = 39
    REWORKED = 40
    EXTENDED = 41
    RETURNED = 42
    SUSPENDED = 43
    SUPERVISED = 44
    URGED = 45
    REOPENED = 46
    FORCED = 47
    SELF_HANDLED = 48
    MISSED = 49
    CLOSED = 50
    CLOSE_DUE = 51
    CLOSED_OF_DUE = 52
    CLOSED_IN_TIME = 53
    MINUTES = 54
    FIELD_REPORTED = 55


class CountWords(NamedTuple):
    """How a count is called in declarations and by people, for which objects it is kept, and what it counts."""

    key: str
    zh: str
    en: str
    of: str
    tells: str
    by_deadline: bool = False
    amount: bool = False


AREA, DEPARTMENT, SEAT = "a", "d", "s"
"""Letters of ``CountWords.of``: kept for areas, departments, seats (a person on a post)."""

_WORDS: Mapping[Count, CountWords] = {
    Count.REPORTED: CountWords(
        "reported", "上报数", "reported", "as", "reports that became a case; seat: who reported"
    ),
    Count.FIELD_REPORTED: CountWords(
        "field_reported", "采集员上报数", "reported by the grid", "as", "of these, reported by grid workers"
    ),
    Count.VALID: CountWords(
        "valid", "有效上报数", "valid reports", "as", "reports that were filed, on the day of the report"
    ),
    Count.REPEATED: CountWords("repeated", "重复案件数", "repeated", "a", "reports folded under an earlier case"),
    Count.NOT_ACCEPTED: CountWords(
        "not_accepted", "不予受理数", "not accepted", "as", "reports that were not accepted"
    ),
    Count.ACCEPTED: CountWords("accepted", "受理数", "accepted", "as", "reports filed, or answered at once"),
    Count.FILED: CountWords("filed", "立案数", "filed", "as", "cases filed; each case once"),
    Count.FILED_RIGHT: CountWords(
        "filed_right", "准确立案数", "rightly filed", "as", "cases filed and not voided since"
    ),
    Count.FILED_IN_TIME: CountWords(
        "filed_in_time", "按时立案数", "filed in time", "as", "cases filed within the limit of intake"
    ),
    Count.FILING_DUE: CountWords("filing_due", "应立案数", "filing due", "as", "limits of intake", True),
    Count.VOIDED: CountWords("voided", "作废数", "voided", "ads", "cases voided"),
    Count.VERIFY_DUE: CountWords("verify_due", "应核实数", "verification due", "as", "limits of verification", True),
    Count.VERIFIED: CountWords("verified", "核实数", "verified", "as", "verifications done"),
    Count.VERIFIED_IN_TIME: CountWords(
        "verified_in_time", "按时核实数", "verified in time", "as", "verifications done within the limit", True
    ),
    Count.VERIFY_SENT: CountWords(
        "verify_sent", "核实派发数", "verification sent", "as", "verifications that intake sent out"
    ),
    Count.VERIFY_SENT_IN_TIME: CountWords(
        "verify_sent_in_time",
        "核实按时派发数",
        "verification sent in time",
        "as",
        "of these, sent within the limit of intake",
    ),
    Count.DISPATCH_DUE: CountWords("dispatch_due", "应派遣数", "dispatch due", "as", "limits of dispatch", True),
    Count.DISPATCHED: CountWords("dispatched", "派遣数", "dispatched", "ads", "dispatches; department: received by it"),
    Count.DISPATCHED_IN_TIME: CountWords(
        "dispatched_in_time", "按时派遣数", "dispatched in time", "as", "dispatches within the limit", True
    ),
    Count.DISPATCHED_RIGHT: CountWords(
        "dispatched_right", "准确派遣数", "rightly dispatched", "as", "dispatches that the department did not return"
    ),
    Count.CHECK_DUE: CountWords("check_due", "应核查数", "checks due", "as", "limits of checks", True),
    Count.CHECKED: CountWords("checked", "核查数", "checked", "ads", "checks done; department: of its work"),
    Count.CHECKED_IN_TIME: CountWords(
        "checked_in_time", "按时核查数", "checked in time", "as", "checks done within the limit", True
    ),
    Count.CHECK_PASSED: CountWords("check_passed", "核查通过数", "checks passed", "ads", "checks passed"),
    Count.CHECK_SENT: CountWords(
        "check_sent", "核查派发数", "checks sent", "as", "checks sent out by a step of their own (stage send_check)"
    ),
    Count.CHECK_SENT_IN_TIME: CountWords(
        "check_sent_in_time", "核查按时派发数", "checks sent in time", "as", "of these, within the limit of that step"
    ),
    Count.CLOSING_DUE: CountWords(
        "closing_due", "结案环节应办数", "closing step due", "as", "limits of the closing step", True
    ),
    Count.CLOSED_STEP_IN_TIME: CountWords(
        "closing_in_time", "按时结案数", "closing step in time", "as", "closing steps within the limit", True
    ),
    Count.VISIT_DUE: CountWords("visit_due", "应回访数", "return visits due", "as", "limits of return visits", True),
    Count.VISITED: CountWords("visited", "回访数", "visited", "as", "return visits done"),
    Count.VISITED_IN_TIME: CountWords(
        "visited_in_time", "按时回访数", "visited in time", "as", "return visits within the limit", True
    ),
    Count.RATED: CountWords("rated", "评价数", "rated", "ad", "judgements by those who reported"),
    Count.SATISFIED: CountWords("satisfied", "满意数", "satisfied", "ad", "judgements of 4 or 5 of 5"),
    Count.HANDLE_DUE: CountWords(
        "handle_due", "应处置数", "handling due", "ad", "limits of handling; one for each round of rework", True
    ),
    Count.HANDLED_OF_DUE: CountWords(
        "handled_of_due", "应处置中已处置数", "of those due, handled", "ad", "of these, handled", True
    ),
    Count.HANDLED_IN_TIME: CountWords(
        "handled_in_time", "按期处置数", "handled in time", "ad", "of these, handled within the limit", True
    ),
    Count.HANDLED_LATE: CountWords(
        "handled_late", "超期处置数", "handled late", "ad", "of these, handled after the limit", True
    ),
    Count.OVERDUE: CountWords(
        "overdue", "超期待处置数", "overdue", "ad", "of these, not handled although the limit has passed", True
    ),
    Count.HANDLED: CountWords("handled", "处置数", "handled", "ads", "rounds of handling reported back, on that day"),
    Count.EXEMPTED: CountWords(
        "exempted", "申诉豁免数", "exempted", "ad", "late rounds whose appeal was approved; they are due no more", True
    ),
    Count.REWORKED: CountWords("reworked", "返工数", "reworked", "ads", "orders to do it again"),
    Count.EXTENDED: CountWords("extended", "延期数", "extended", "ad", "extensions approved"),
    Count.RETURNED: CountWords("returned", "回退数", "returned", "ad", "cases that the department returned"),
    Count.SUSPENDED: CountWords(
        "suspended", "挂账数", "suspended", "ad", "suspensions; while suspended nothing is due"
    ),
    Count.SUPERVISED: CountWords("supervised", "督办数", "supervised", "ad", "cases put under supervision"),
    Count.URGED: CountWords("urged", "催办数", "urged", "ad", "urgings"),
    Count.REOPENED: CountWords("reopened", "重新办理数", "reopened", "ad", "cases reopened by those who reported"),
    Count.FORCED: CountWords("forced", "强制结案数", "closed by force", "ad", "cases closed by force"),
    Count.SELF_HANDLED: CountWords(
        "self_handled", "自行处置数", "handled by oneself", "ads", "cases handled by whoever received them"
    ),
    Count.MISSED: CountWords(
        "missed",
        "漏报数",
        "missed",
        "as",
        "matters that others reported and that verification found to exist; seat: who verified",
    ),
    Count.CLOSED: CountWords("closed", "结案数", "closed", "ad", "cases closed, on that day"),
    Count.CLOSE_DUE: CountWords(
        "close_due",
        "应结案数",
        "closing due",
        "ad",
        "cases whose limit of handling fell on the day; suspended ones are left out",
        True,
    ),
    Count.CLOSED_OF_DUE: CountWords(
        "closed_of_due", "应结案中已结案数", "of those due, closed", "ad", "of these, closed", True
    ),
    Count.CLOSED_IN_TIME: CountWords(
        "closed_in_time", "按期结案数", "closed in time", "ad", "of these, closed and handled within the limit", True
    ),
    Count.MINUTES: CountWords(
        "handled_minutes",
        "处置用时(分钟)",
        "minutes of handling",
        "ads",
        "clock minutes from dispatch to report",
        False,
        True,
    ),
}
"""Words of every count, by number."""

WORDS: Mapping[Count, CountWords] = _WORDS
BY_KEY: Mapping[str, Count] = {words.key: count for count, words in WORDS.items()}
"""The counts by the word that declarations use."""

CASES_OF: Mapping[Count, Count] = {Count.MINUTES: Count.HANDLED}
"""For an amount: the count whose cases stand behind it."""
