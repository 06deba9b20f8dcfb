"""XML in and out for tables: a light tree with lines, within bounds, that keeps what it does not understand.

No document type and no entity is accepted (so no expansion, no file or network access); size, number and depth of elements
are limited while reading. White space between elements is not kept; prefixes are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from yiwang.flow.decisions.errors import DecisionUnreadable
from yiwang.flow.xml_reading import Target, read_xml

most_bytes = 4 * 2**20
most_elements = 250_000
most_depth = 64

_ENCODING = re.compile(r"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)[\"']")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(slots=True)
class Element:
    """``name`` and attribute names are ``{namespace}name``, or just the name without one. ``tail``: the text behind it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""
    tail: str = ""
    line: int = 0

    @property
    def namespace(self) -> str:
        return self.name[1:].partition("}")[0] if self.name.startswith("{") else ""

    @property
    def local(self) -> str:
        return self.name.rpartition("}")[2]

    @property
    def id(self) -> str:
        return self.attributes.get("id", "")

    def named(self, name: str) -> list[Element]:
        """The children of that name in the element's own namespace."""
        wanted = f"{{{self.namespace}}}{name}"
        return [child for child in self.children if child.name == wanted]

    def first(self, name: str) -> Element | None:
        return next(iter(self.named(name)), None)

    def add(self, name: str, text: str = "", /, **attributes: str | None) -> Element:
        """A new child in the same namespace; attributes that are None are left out."""
        given = {key: value for key, value in attributes.items() if value is not None}
        child = Element(f"{{{self.namespace}}}{name}", given, text=text)
        self.children.append(child)
        return child

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document: its root, and the prefixes that it declares, by namespace."""

    root: Element
    prefixes: Mapping[str, str]


class _Builder(Target[Element]):
    """Receives the parser's events."""

    def __init__(self) -> None:
        super().__init__(DecisionUnreadable, most_elements=most_elements, most_depth=most_depth)
        self.prefixes: dict[str, str] = {}

    def start_ns(self, prefix: str, uri: str) -> None:
        if prefix and uri:
            self.prefixes.setdefault(uri, prefix)

    def begin(self, tag: str, attributes: dict[str, str]) -> Element:
        return Element(tag, dict(attributes), line=self.line())

    def adopt(self, parent: Element, child: Element) -> None:
        parent.children.append(child)

    def end(self, tag: str) -> None:
        element = self.open.pop()
        if element.children and not element.text.strip():
            element.text = ""
        for child in element.children:
            if not child.tail.strip():
                child.tail = ""

    def data(self, text: str) -> None:
        if not self.open:
            return
        element = self.open[-1]
        if element.children:
            element.children[-1].tail += text
        else:
            element.text += text


def text_of(data: bytes | str) -> str:
    """The file as text, without byte order mark.

    Raises:
        DecisionUnreadable: larger than 4 MiB, not UTF-8, or holding NUL characters.
    """
    if len(data) > most_bytes:
        size = f"{most_bytes // 2**20} MiB"
        raise DecisionUnreadable(reason_zh=f"文件超过 {size}", reason_en=f"it is larger than {size}")
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DecisionUnreadable(reason_zh="不是 UTF-8 编码", reason_en="it is not encoded in UTF-8") from error
    text = data.removeprefix("\ufeff")
    declared = _ENCODING.match(text)
    if declared is not None and declared.group(1).lower() not in ("utf-8", "utf8", "us-ascii"):
        name = declared.group(1)[:40]
        raise DecisionUnreadable(reason_zh=f"编码声明是 {name}", reason_en=f"its declared encoding is {name}")
    if "\0" in text:
        raise DecisionUnreadable(reason_zh="含有空字符", reason_en="it holds NUL characters")
    return text


def parse_xml(text: str) -> Parsed:
    """The tree of a document.

    Raises:
        DecisionUnreadable: not well-formed (with line), a document type or entities, too many or too deep elements.
    """
    builder = _Builder()
    root = read_xml(text, builder)
    return Parsed(root, builder.prefixes)


def fragment(element: Element, prefixes: Mapping[str, str]) -> str:
    """One element as XML text that stands for itself."""
    return "".join(_Writer(prefixes, "").element(element, None, root=True))


def document(root: Element, prefixes: Mapping[str, str], default: str) -> str:
    """A whole file, indented; ``default`` is the namespace without prefix."""
    if any(not element.name.startswith("{") for element in root.walk()):
        prefixes, default = (
            {default: "dmn", **prefixes},
            "",
        )  # an element of no namespace cannot stand below a default one
    written = "".join(_Writer(prefixes, default).element(root, 0, root=True))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{written}\n'


class _Writer:
    def __init__(self, prefixes: Mapping[str, str], default: str) -> None:
        self.default = default
        self.prefixes: dict[str, str] = {}
        self._wanted = prefixes

    def element(self, element: Element, depth: int | None, *, root: bool = False) -> Iterator[str]:
        if root:
            for uri in sorted(_namespaces(element)):
                self._declare(uri)
        name = self._name(element.name, attribute=False)
        yield f"<{name}"
        if root:
            if self.default:
                yield f" xmlns={_quoted(self.default)}"
            for uri, prefix in self.prefixes.items():
                yield f" xmlns:{prefix}={_quoted(uri)}"
        for key, value in element.attributes.items():
            yield f" {self._name(key, attribute=True)}={_quoted(value)}"
        if not element.children and not element.text:
            yield "/>"
            return
        yield ">" + _escaped(element.text)
        mixed = bool(element.text) or any(child.tail for child in element.children)
        inner = None if depth is None or mixed else depth + 1
        for child in element.children:
            if inner is not None:
                yield "\n" + "  " * inner
            yield from self.element(child, inner)
            yield _escaped(child.tail)
        if inner is not None and element.children:
            yield "\n" + "  " * (inner - 1)
        yield f"</{name}>"

    def _declare(self, uri: str) -> None:
        if uri in ("", _XML, self.default):
            return
        wanted = self._wanted.get(uri, "")
        taken = set(self.prefixes.values()) | {"xml", "xmlns"}
        number = 1
        while not wanted or wanted in taken:
            wanted, number = f"ns{number}", number + 1
        self.prefixes[uri] = wanted

    def _name(self, name: str, *, attribute: bool) -> str:
        if not name.startswith("{"):
            return name
        uri, _, local = name[1:].partition("}")
        if uri == _XML:
            return f"xml:{local}"
        if uri == self.default and not attribute:
            return local
        return f"{self.prefixes[uri]}:{local}"


def _namespaces(root: Element) -> set[str]:
    names = (name for element in root.walk() for name in (element.name, *element.attributes))
    return {name[1:].partition("}")[0] for name in names if name.startswith("{")}


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text), {"\r": "&#13;"})


def _quoted(text: str) -> str:
    more = {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
    return f'"{escape(_NOT_XML.sub(chr(0xFFFD), text), more)}"'
