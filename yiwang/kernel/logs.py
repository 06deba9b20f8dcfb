"""Logs: one JSON object a line (or words for the eye), with request id, actor and duration; no personal data, no
secrets.

Owns the configuration of ``structlog`` and of the standard library's logging, so that all libraries' lines look alike.
An engine writes ``log = logs.get("casework")`` and ``log.info("case opened", case=str(id))``: a short constant
sentence, then ids and figures as keywords. What a person wrote or who they are belongs to the journal, not here;
:func:`withhold` is the net below.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog

Level = Literal["debug", "info", "warning", "error"]

withheld = "‹withheld›"
_PRIVATE_KEYS = re.compile(
    r"password|secret|token|cookie|authorization|phone|mobile|address_text|reporter|identity_number|email", re.I
)
_PRIVATE_TEXT = re.compile(
    r"(?<!\d)1[3-9]\d{9}(?!\d)"  # mobile numbers of China
    r"|(?<!\d)\d{17}[\dXx](?!\d)"  # citizen identity numbers
    r"|yw_[A-Za-z0-9_-]{20,}"  # our tokens
    r"|(?<=://)[^/@\s]+:[^/@\s]+(?=@)"  # name and password in an address
)


def withhold(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: replaces values under private keys and private-looking pieces of any text."""
    for key, value in event.items():
        if _PRIVATE_KEYS.search(key):
            event[key] = withheld
        elif isinstance(value, str):
            event[key] = _PRIVATE_TEXT.sub(withheld, value)
    return event


def configure(level: Level = "info", format: Literal["json", "console"] = "json", stream: TextIO | None = None) -> None:
    """Send all logging of this process to ``stream`` (default standard error). To be called once, at start."""
    common: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        withhold,
    ]
    last: list[structlog.types.Processor] = (
        [structlog.processors.EventRenamer("message"), structlog.processors.JSONRenderer(ensure_ascii=False)]
        if format == "json"
        else [structlog.dev.ConsoleRenderer(colors=(stream or sys.stderr).isatty())]
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("asyncio", "httpx", "httpcore", "alembic", "PIL", "multipart", "python_multipart"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def get(engine: str) -> structlog.stdlib.BoundLogger:
    """The logger of an engine or part, named ``yiwang.<engine>``."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(f"yiwang.{engine}")
    return logger


@contextmanager
def bound(**facts: object) -> Iterator[None]:
    """Add ``facts`` (ids and figures) to every line written inside the block, in this task and those it starts."""
    with structlog.contextvars.bound_contextvars(**facts):
        yield
