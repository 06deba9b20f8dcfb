"""From any failure to one RFC 9457 answer: ``application/problem+json`` with code, both languages and, for wrong
fields, a list.

Engines raise :class:`yiwang.kernel.errors.Problem`; what frameworks and drivers raise is translated here and nowhere
else.
"""

from __future__ import annotations

import asyncpg
import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from yiwang.http.language import language_of
from yiwang.http.pages.rendering import problem_page, wants_page
from yiwang.http.validation import field_error
from yiwang.kernel import logs
from yiwang.kernel.errors import (
    FieldError,
    InvalidInput,
    NotFound,
    Problem,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnreadableBody,
)

log = logs.get("http")

media_type = "application/problem+json"


class MethodNotAllowed(Problem):
    code = "method_not_allowed"
    status = 405
    zh = "此地址不支持 {method},可用:{allowed}。"
    en = "{method} is not possible here; possible are: {allowed}."


class Refused(Problem):
    """What the framework refuses for reasons of HTTP (media type, expectation …)."""

    code = "request.refused"
    status = 400
    zh = "请求不能处理:{reason}。"
    en = "The request cannot be handled: {reason}."


def problem_response(scope: Scope, problem: Problem, *, status: int | None = None) -> Response:
    """The answer for ``problem`` in the caller's language; ``trace`` is the request id, to be told to the
    administrator."""
    trace = scope.get("state", {}).get("request_id", "")
    if problem.code == Problem.code:
        problem.data.setdefault("trace", trace)
    language = language_of(scope)
    body = problem.body(language)
    body["instance"] = f"urn:yiwang:request:{trace}"
    if status is not None:
        body["status"] = status
    headers = {"content-language": "zh-CN" if language == "zh" else "en", "cache-control": "no-store"}
    if isinstance(problem, TooManyRequests):
        headers["retry-after"] = str(problem.data.get("seconds", 60))
    if problem.status == 401:
        headers["www-authenticate"] = 'Bearer realm="yiwang"'
    content = orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS)
    return Response(content, status or problem.status, headers, media_type)


def install_problem_handlers(app: FastAPI) -> None:
    """Register the translations on ``app``."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(asyncpg.DataError, _on_data)
    for gone in (
        asyncpg.PostgresConnectionError,
        asyncpg.InsufficientResourcesError,
        asyncpg.OperatorInterventionError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        ConnectionError,
    ):
        app.add_exception_handler(gone, _on_database_gone)
    app.add_exception_handler(Exception, _on_unforeseen)


def _answer(request: Request, problem: Problem, *, status: int | None = None) -> Response:
    """A page for a person's browser, problem+json for everyone else."""
    if wants_page(request) and hasattr(request.app.state, "context"):
        return problem_page(request, problem)
    return problem_response(request.scope, problem, status=status)


async def _on_problem(request: Request, error: Exception) -> Response:
    problem = error if isinstance(error, Problem) else Problem()
    if problem.status >= 500:
        log.error("problem", code=problem.code, path=request.url.path, exc_info=error)
    return _answer(request, problem)


async def _on_invalid(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    for fault in faults:
        if fault["type"] == "json_invalid":
            reason = str(fault.get("ctx", {}).get("error", "JSON"))
            return _answer(request, UnreadableBody(reason=reason))
    errors = [field_error(fault) for fault in faults[:100]]
    return _answer(request, InvalidInput(errors=errors, count=len(faults)))


async def _on_http(request: Request, error: Exception) -> Response:
    refused = error if isinstance(error, HTTPException) else HTTPException(500)
    allowed = (refused.headers or {}).get("Allow", "")
    problem: Problem
    match refused.status_code:
        case 400:
            problem = UnreadableBody(reason=refused.detail)
        case 404:
            problem = NotFound(what=request.url.path)
        case 405:
            problem = MethodNotAllowed(method=request.method, allowed=allowed)
        case 413:
            problem = TooLarge(limit=refused.detail, size=f"> {refused.detail}")
        case _:
            problem = Refused(reason=refused.detail)
    response = _answer(request, problem, status=refused.status_code)
    if allowed:
        response.headers["allow"] = allowed
    return response


async def _on_data(request: Request, error: Exception) -> Response:
    """A value that no column can hold slipped past its route's limits: a client's mistake, and a gap to be closed."""
    log.warning("a value went past the limits of its route", path=request.url.path, error=type(error).__name__)
    wrong = FieldError(
        where="/",
        code="value.out_of_range",
        zh="有一个值超出可存储的范围。",
        en="A value is outside what can be stored.",
    )
    return _answer(request, InvalidInput(errors=[wrong], count=1))


async def _on_database_gone(request: Request, error: Exception) -> Response:
    log.error("the database did not answer", path=request.url.path, error=type(error).__name__)
    response = _answer(request, Unavailable(reason="database"))
    response.headers["retry-after"] = "2"
    return response


async def _on_unforeseen(request: Request, _error: Exception) -> Response:
    """The traceback is logged by the gate, where the error ends up afterwards."""
    return _answer(request, Problem())
