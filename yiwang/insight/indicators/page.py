"""The indicator reference (``docs/reference/indicators.md``): every base count, from the vocabulary itself."""

from __future__ import annotations

from yiwang.insight.indicators.counts import WORDS

_KEPT = {"a": "area", "d": "department", "s": "post, person"}


def indicators_page() -> str:
    """The page as Markdown, without the head that says that it is generated."""
    rows = [
        f"| `{words.key}` | {words.zh} | {words.tells} | {'the limit' if words.by_deadline else 'it happened'}"
        f" | {', '.join(_KEPT[letter] for letter in words.of)} |"
        for words in WORDS.values()
    ]
    return "\n".join(
        [
            "# Counts for indicators",
            "",
            "What the numerator and denominator of an [indicator](../how-to/score-departments.md) may name. Each count belongs",
            "to the day on which it happened, or on which the limit fell that it is about; it is kept for the objects named.",
            "",
            "| count | 中文 | counts | on the day of | for |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
