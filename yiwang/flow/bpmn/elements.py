"""XML into a light tree of elements with line numbers, within bounds.

No document type and no entity is accepted (so no expansion, no file or network access); size, number and depth of
elements are limited while reading, before anything is built from them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from yiwang.flow.errors import FlowUnreadable
from yiwang.flow.xml_reading import Target, read_xml

most_characters = 2 * 2**20
most_elements = 50_000
most_depth = 64

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
YIWANG = "http://yiwang.dev/bpmn/1"
_OURS = f"{{{YIWANG}}}"

_ENCODING = re.compile(r"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9_.-]{1,40})[\"']")
_READABLE = frozenset({"utf-8", "utf8", "us-ascii", "iso-8859-1", "windows-1252", "gbk", "gb2312", "gb18030"})


@dataclass(slots=True)
class Element:
    """``name`` without namespace. ``attributes``: those without namespace; ``own``: the names of those in our namespace."""

    namespace: str
    name: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    own: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        return self.attributes.get("id", "")

    @property
    def text(self) -> str:
        return "".join(self.texts).strip()

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """An attribute of the kind xsd:boolean."""
        return self.get(name, "true" if default else "false").strip() in ("true", "1")

    def bpmn(self, name: str) -> list[Element]:
        """The children of that BPMN name."""
        return [child for child in self.children if child.namespace == BPMN and child.name == name]

    @property
    def extensions(self) -> list[Element]:
        """The children of ``extensionElements`` in our namespace."""
        holders = self.bpmn("extensionElements")
        return [child for holder in holders for child in holder.children if child.namespace == YIWANG]


class _Builder(Target[Element]):
    """Receives the parser's events."""

    def begin(self, tag: str, attributes: dict[str, str]) -> Element:
        namespace, name = _split(tag)
        element = Element(namespace, name, {k: v for k, v in attributes.items() if k[0] != "{"}, self.line())
        if len(element.attributes) < len(attributes):
            element.own = frozenset(key[len(_OURS) :] for key in attributes if key.startswith(_OURS))
        return element

    def adopt(self, parent: Element, child: Element) -> None:
        parent.children.append(child)

    def data(self, text: str) -> None:
        if self.open:
            self.open[-1].texts.append(text)


def _split(tag: str) -> tuple[str, str]:
    namespace, _, name = tag[1:].rpartition("}") if tag.startswith("{") else ("", "", tag)
    return namespace, name


def text_of(xml: str | bytes) -> str:
    """The file as text, without byte order mark; where it declares another encoding, it declares UTF-8 afterwards.

    Raises:
        FlowUnreadable: larger than 2 MiB, in another encoding than it declares, or holding NUL characters.
    """
    if len(xml) > most_characters:
        size = f"{most_characters // 2**20} MiB"
        raise FlowUnreadable(reason_zh=f"文件超过 {size}", reason_en=f"it is larger than {size}")
    encoding = _encoding(xml)
    if isinstance(xml, bytes):
        try:
            xml = xml.decode(encoding)
        except UnicodeDecodeError as error:
            name = encoding.upper()
            raise FlowUnreadable(reason_zh=f"不是 {name} 编码", reason_en=f"it is not encoded in {name}") from error
    text = xml.removeprefix("\ufeff")
    declared = _ENCODING.match(text)
    if declared is not None and encoding not in ("utf-8", "utf8", "us-ascii"):
        text = f"{text[: declared.start(1)]}UTF-8{text[declared.end(1) :]}"
    if "\0" in text:
        raise FlowUnreadable(reason_zh="含有空字符", reason_en="it holds NUL characters")
    return text


def _encoding(xml: str | bytes) -> str:
    """The encoding that the file declares, in small letters; UTF-8 where it does not."""
    start = xml[:200] if isinstance(xml, str) else xml[:200].decode("latin-1")
    declared = _ENCODING.match(start.removeprefix("\ufeff").removeprefix("ï»¿"))
    name = declared.group(1) if declared is not None else "UTF-8"
    if name.lower() not in _READABLE:
        raise FlowUnreadable(reason_zh=f"编码声明是 {name}", reason_en=f"its declared encoding is {name}")
    return name.lower()


def parse_xml(text: str) -> Element:
    """The root element.

    Raises:
        FlowUnreadable: not well-formed (with line), a document type or entities, too many or too deep elements.
    """
    return read_xml(text, _Builder(FlowUnreadable, most_elements=most_elements, most_depth=most_depth))
