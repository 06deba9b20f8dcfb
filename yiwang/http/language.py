"""The language of an answer: ``?lang=`` wins, then the cookie ``lang``, then Accept-Language, then Chinese."""

from __future__ import annotations

from typing import Literal

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

Language = Literal["zh", "en"]

cookie_name = "lang"


def language_of(scope: Scope) -> Language:
    """The language in which to answer this request."""
    query: bytes = scope.get("query_string", b"")
    if b"lang=" in query:
        for pair in query.split(b"&"):
            if pair in (b"lang=en", b"lang=zh"):
                return "en" if pair.endswith(b"en") else "zh"
    headers = Headers(scope=scope)
    chosen = cookie_parser(headers.get("cookie", "")).get(cookie_name)
    if chosen in ("zh", "en"):
        return "en" if chosen == "en" else "zh"
    return accepted_language(headers.get("accept-language", ""))


def accepted_language(header: str) -> Language:
    """English where Accept-Language (RFC 9110 §12.5.4) gives it more weight than Chinese, or the same but first."""
    wanted: dict[str, tuple[float, int]] = {}
    for position, item in enumerate(header.lower().split(",")[:20]):
        tag, _, rest = item.strip().partition(";")
        try:
            weight = float(rest.partition("=")[2]) if rest else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            wanted.setdefault(tag[:2], (weight, -position))
    english = wanted.get("en", (0.0, -100))
    return "en" if english > wanted.get("zh", wanted.get("*", (0.0, -99))) else "zh"
