"""Reading XML that strangers bring: within bounds, with line numbers, without document types or entities.

What the elements become is the caller's (:class:`Target`); what is refused, and in which words, is held here once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, cast

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from yiwang.kernel.errors import Problem


class Refusal(Protocol):
    """A class of problem that takes its reason in both languages."""

    def __call__(self, *, reason_zh: str, reason_en: str) -> Problem: ...


Node = TypeVar("Node")


class Target(Generic[Node]):
    """Receives the parser's events and holds the bounds; a subclass says what an element becomes and how it hangs together."""

    def __init__(self, refused: Refusal, *, most_elements: int, most_depth: int) -> None:
        self.root: Node | None = None
        self.line: Callable[[], int] = lambda: 0
        self.open: list[Node] = []
        self.refused = refused
        self._most_elements = most_elements
        self._most_depth = most_depth
        self._count = 0

    def begin(self, tag: str, attributes: dict[str, str]) -> Node:
        """The element of a start tag."""
        raise NotImplementedError

    def adopt(self, parent: Node, child: Node) -> None:
        """Hang ``child`` below ``parent``."""
        raise NotImplementedError

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > self._most_elements:
            raise self.refused(
                reason_zh=f"元素超过 {self._most_elements} 个",
                reason_en=f"it has more than {self._most_elements} elements",
            )
        if len(self.open) >= self._most_depth:
            raise self.refused(
                reason_zh=f"嵌套超过 {self._most_depth} 层", reason_en=f"it is nested deeper than {self._most_depth}"
            )
        element = self.begin(tag, attributes)
        if self.open:
            self.adopt(self.open[-1], element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, tag: str) -> None:
        self.open.pop()

    def close(self) -> None:
        """The parser's target must have it; the tree is taken from ``root``."""


class _Position(Protocol):
    CurrentLineNumber: int


class _WithPosition(Protocol):
    """What the stubs of the parser do not tell: it keeps the expat parser that knows the line."""

    parser: _Position


def read_xml(text: str, target: Target[Node]) -> Node:
    """Feed ``text`` to ``target``; the root element.

    Raises:
        the target's refusal: not well-formed (with line), a document type or entities, empty, beyond the bounds.
    """
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    position = cast(_WithPosition, parser).parser
    target.line = lambda: position.CurrentLineNumber
    try:
        parser.feed(text.encode("utf-8", "surrogatepass"))
        parser.close()
    except DefusedXmlException as error:
        raise target.refused(
            reason_zh="不允许文档类型声明和实体", reason_en="document types and entities are not allowed"
        ) from error
    except ParseError as error:
        line, what = error.position[0], error.msg
        raise target.refused(reason_zh=f"第 {line} 行:{what}", reason_en=f"line {line}: {what}") from error
    if target.root is None:
        raise target.refused(reason_zh="文件是空的", reason_en="the file is empty")
    return target.root
