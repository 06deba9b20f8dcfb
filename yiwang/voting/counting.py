"""Counting: ballots against the declared thresholds, exactly, in whole hundredths of square metres. No I/O.

The thresholds are those of the declaration; for owners' meetings article 278 of the Civil Code (民法典第二百七十八条): two
thirds by number and by area take part, and of those more than half, or three quarters, agree by number and by area. 以上 includes
the number itself (article 1259).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from yiwang.kernel.database import Json, JsonObject
from yiwang.voting.declarations import Threshold, share
from yiwang.voting.model import FOR, Ballot, Question, Vote


@dataclass(frozen=True, slots=True)
class Tally:
    """How many voices, and their weight."""

    number: int = 0
    weight: int = 0

    def plus(self, weight: int) -> Tally:
        return Tally(self.number + 1, self.weight + weight)


def reached(part: Tally, whole: Tally, threshold: Threshold) -> bool:
    """Whether a part of the whole reaches the threshold both by number and by area. Of nothing nothing is reached."""
    return _enough(part.number, whole.number, threshold.number) and _enough(part.weight, whole.weight, threshold.area)


def _enough(part: int, whole: int, text: str) -> bool:
    if whole <= 0:
        return False
    bound, more = share(text)
    got = Fraction(part, whole)
    return got > bound if more else got >= bound


def result_of(vote: Vote, ballots: Sequence[Ballot]) -> JsonObject:
    """What the ballots come to: {all, took_part, how, questions, carried}. A tally is {number, area, number_percent,
    area_percent}; of options the percent is of those that took part."""
    everybody = Tally(vote.voices, vote.weight)
    took_part = _sum(ballots)
    questions: list[Json] = []
    for nth, question in enumerate(vote.questions, start=1):
        questions.append(_question(vote, question, nth, ballots, everybody, took_part))
    how: JsonObject = {each: sum(ballot.how == each for ballot in ballots) for each in ("code", "proxy", "paper")}
    return {
        "all": _told(everybody, everybody),
        "took_part": _told(took_part, everybody),
        "how": how,
        "questions": questions,
        "carried": all(isinstance(each, dict) and each["carried"] is True for each in questions),
    }


def _question(
    vote: Vote, question: Question, nth: int, ballots: Sequence[Ballot], everybody: Tally, took_part: Tally
) -> JsonObject:
    matter = vote.declared.matters[question.matter]
    rule = vote.declared.rules[matter.rule]
    valid = reached(took_part, everybody, rule.take_part)
    tallies = {option.id: Tally() for option in question.offered}
    abstained = Tally()
    for ballot in ballots:
        chosen = ballot.choices.get(str(nth), ())
        for option in chosen:
            tallies[option] = tallies[option].plus(ballot.weight)
        if not chosen:
            abstained = abstained.plus(ballot.weight)
    carried = _carried(question, tallies, took_part, rule.agree) if valid else frozenset()
    options: list[Json] = [
        {"id": option.id, "title": option.title, **_told(tallies[option.id], took_part),
         "carried": option.id in carried}
        for option in question.offered
    ]  # fmt: skip
    return {
        "nth": nth, "title": question.title, "matter": question.matter, "rule": matter.rule, "valid": valid,
        "options": options, "abstained": _told(abstained, took_part), "carried": bool(carried),
    }  # fmt: skip


def _carried(question: Question, tallies: dict[str, Tally], took_part: Tally, agree: Threshold) -> frozenset[str]:
    """The options that are carried: those with enough voices, the best first, as many as there are seats. Where two stand
    equal at the last seat, neither has it."""
    if not question.options:
        return frozenset({FOR}) if reached(tallies[FOR], took_part, agree) else frozenset()
    enough = [id for id, tally in tallies.items() if reached(tally, took_part, agree)]
    enough.sort(key=lambda id: (tallies[id].number, tallies[id].weight), reverse=True)
    elected = enough[: question.seats]
    rest = enough[question.seats :]
    if rest and tallies[rest[0]] == tallies[elected[-1]]:
        elected = [id for id in elected if tallies[id] != tallies[rest[0]]]
    return frozenset(elected)


def _sum(ballots: Sequence[Ballot]) -> Tally:
    return Tally(len(ballots), sum(ballot.weight for ballot in ballots))


def _told(part: Tally, whole: Tally) -> JsonObject:
    return {
        "number": part.number,
        "area": part.weight / 100,
        "number_percent": round(100 * part.number / whole.number, 2) if whole.number else 0.0,
        "area_percent": round(100 * part.weight / whole.weight, 2) if whole.weight else 0.0,
    }


def in_words(vote: Vote, result: JsonObject) -> str:
    """The result as the minutes print it, in Chinese."""
    everybody, took_part = _tally(result, "all"), _tally(result, "took_part")
    lines = [
        f"应参加表决{everybody['number']}户,专有部分面积{everybody['area']:.2f}平方米;"
        f"参加表决{took_part['number']}户({took_part['number_percent']}%),面积{took_part['area']:.2f}平方米"
        f"({took_part['area_percent']}%)。"
    ]
    questions = result["questions"]
    for question in questions if isinstance(questions, list) else []:
        if isinstance(question, dict):
            lines.append(_question_in_words(vote, question))
    return "".join(lines)


def _question_in_words(vote: Vote, question: JsonObject) -> str:
    rule = vote.declared.rules[str(question["rule"])]
    if not question["valid"]:
        return f"{question['nth']}.{question['title']}:参加表决的户数或面积未达法定比例,表决不成立。"
    parts = []
    options = question["options"]
    for option in options if isinstance(options, list) else []:
        if isinstance(option, dict):
            parts.append(_votes(str(option["title"]), option))
    parts.append(_votes("弃权", _tally(question, "abstained")))
    elected = [
        str(option["title"])
        for option in (options if isinstance(options, list) else [])
        if isinstance(option, dict) and option["carried"]
    ]
    named = "" if elected == ["同意"] else "、".join(elected)
    end = f"{named}通过" if question["carried"] else "未通过"
    return f"{question['nth']}.{question['title']}({rule.names.zh}):{','.join(parts)};{end}。"


def _votes(title: str, tally: JsonObject) -> str:
    return f"{title}{tally['number']}户({tally['number_percent']}%)、面积占{tally['area_percent']}%"


def _tally(result: JsonObject, name: str) -> JsonObject:
    found = result[name]
    return found if isinstance(found, dict) else {}
