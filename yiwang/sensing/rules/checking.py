"""What can be wrong with a rule beyond its form: profiles that do not measure, vehicles that are none. Pure.

The check of packs says it with file and line, the API in its refusal.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from yiwang.sensing.rules.declarations import PLACEHOLDERS, RuleDeclaration

Trail = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class RuleFault:
    """``trail`` is where it stands in the declaration; ``code`` that of the finding; ``data`` fills its words."""

    trail: Trail
    code: str
    zh: str
    en: str
    data: Mapping[str, str]


def check_against(declaration: RuleDeclaration, profiles: Mapping[str, Collection[str]]) -> Iterator[RuleFault]:
    """Faults of a rule against the profiles that there are, each with the metrics that it measures."""
    named: list[tuple[Trail, str]] = [(("profile",), declaration.profile)] if declaration.profile else []
    named += [(("profiles", place), profile) for place, profile in enumerate(declaration.profiles)]
    for trail, profile in named:
        if profile not in profiles:
            yield RuleFault(
                trail, "alarm_rule.profile",
                f"没有设备型号 {profile}", f"there is no profile {profile}", {"profile": profile},
            )  # fmt: skip
            continue
        for below, metric in declaration.when.metrics():
            if metric not in profiles[profile]:
                yield RuleFault(
                    ("when", *below), "alarm_rule.not_measured",
                    f"型号 {profile} 不测 {metric}", f"the profile {profile} does not measure {metric}",
                    {"profile": profile, "metric": metric},
                )  # fmt: skip
    if declaration.opens is not None:
        for language in ("zh", "en"):
            for name in _placeholders(getattr(declaration.opens.text, language)):
                if name not in PLACEHOLDERS:
                    yield RuleFault(
                        ("opens", "text", language), "alarm_rule.placeholder",
                        f"不认识的占位符 {{{name}}}", f"unknown placeholder {{{name}}}", {"name": name},
                    )  # fmt: skip


def _placeholders(text: str) -> list[str]:
    """The names in braces; one that cannot be read counts as a name of its own."""
    try:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return [text[:20]]
