"""A fault in a flow file, for `yiwang check`, the designer and the refusal to publish."""

from __future__ import annotations

from dataclasses import dataclass, field

from yiwang.kernel.errors import FieldError


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one element and what to do. ``line`` counts from 1; 0 where no element can be pointed at."""

    code: str
    element: str
    line: int
    zh: str
    en: str

    def field_error(self, file: str = "") -> FieldError:
        """As an entry of a refusal; ``where`` is ``file:line#element``."""
        place = f"{file}:{self.line}" if self.line else file
        return FieldError(where=f"{place}#{self.element}", code=f"flow.{self.code}", zh=self.zh, en=self.en)


@dataclass(slots=True)
class Findings:
    """Collects faults while a file is read; at most ``most`` are kept, since a broken file repeats itself."""

    items: list[Finding] = field(default_factory=list)
    most: int = 200

    def add(self, code: str, element: str, line: int, zh: str, en: str) -> None:
        if len(self.items) < self.most:
            self.items.append(Finding(code, element, line, zh, en))

    def sorted(self) -> tuple[Finding, ...]:
        return tuple(sorted(self.items, key=lambda finding: (finding.line, finding.element, finding.code)))
