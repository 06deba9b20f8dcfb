"""Open data as the doors call it. One per process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import Request
from starlette.types import Scope

from yiwang.exchange.open.catalogue import OpenCatalogue
from yiwang.exchange.open.downloads import Downloads
from yiwang.identity.directory import Directory
from yiwang.kernel.context import Context
from yiwang.registry.service import RegistryService


class OpenData:
    """``catalogue``: what is open; ``downloads``: its files; ``city``: what the city is called in a language;
    ``language_of``: how the edge tells a caller's language."""

    def __init__(
        self,
        context: Context,
        directory: Directory,
        registry: RegistryService,
        city: Callable[[str], str],
        language_of: Callable[[Scope], str],
    ) -> None:
        self.context = context
        self.catalogue = OpenCatalogue(registry, directory)
        self.downloads = Downloads(context)
        self._city = city
        self._language_of = language_of

    def now(self) -> datetime:
        """The city's time."""
        return self.context.clock.now()

    def language(self, request: Request) -> str:
        """``zh`` or ``en``."""
        return self._language_of(request.scope)

    def title(self, language: str) -> str:
        return f"{self._city(language)}开放数据" if language == "zh" else f"Open data of {self._city(language)}"
