"""The web application as files: the shell of every face, and what it loads.

``scripts/build_web.py`` builds ``web/`` into the folder ``app`` beside this module; a wheel contains it. Promises: a file
whose name carries a digest may be kept for ever, everything else is asked for anew; what was compressed when built is sent
so; the shell allows scripts and styles of this server only, styles made at run time by a nonce of this one answer. Where
the application was not built, its addresses lead to the plain pages.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from yiwang.http.city_view import city_view
from yiwang.http.language import cookie_name, language_of
from yiwang.kernel.errors import NotFound

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent / "app"
"""Where the built application lies; not in git."""

FACES = ("field", "desk", "centre")
"""Faces with addresses of their own below their name. The portal has the root and the pages below."""

PORTAL_PAGES = (
    "report",
    "follow",
    "standards",
    "notices",
    "open-data",
    "publicity",
    "services",
    "records",
    "verify",
    "sign-in",
    "account",
)
"""First segments of the addresses that the shell answers for, beside the faces; any other address is not found."""

_KEPT = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:;"
    " worker-src 'self' blob:; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class File:
    """A built file, with its compressed forms by the name of the encoding.

    They are read when they are asked for: the system keeps them in memory once, not every process once more.
    """

    path: Path
    media_type: str
    etag: str
    encoded: dict[str, Path]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The application as built: the shell with its places to fill in, and every file by its path."""

    shell: str
    files: dict[str, File]


def bundle() -> Bundle | None:
    """The application as it lies in :data:`FOLDER` now; None where it was not built."""
    try:
        state = (FOLDER / "index.html").stat().st_mtime_ns
    except OSError:
        return None
    return _read(FOLDER, state)


@lru_cache(maxsize=1)
def _read(folder: Path, _state: int) -> Bundle:
    """What is in the folder; looked at again when the shell has changed, which is written last."""
    known = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    suffixes = tuple(suffix for _, suffix in _ENCODINGS)
    files = {}
    for name, path in known.items():
        if name.endswith(suffixes) or name == "index.html":
            continue
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        files[name] = File(
            path,
            kind,
            hashlib.sha256(path.read_bytes()).hexdigest()[:16],
            {encoding: known[name + end] for encoding, end in _ENCODINGS if name + end in known},
        )
    return Bundle((folder / "index.html").read_text("utf-8"), files)


@router.get("/app/{name:path}")
async def built_file(request: Request, name: str) -> Response:
    """A file of the application."""
    found = bundle()
    item = found.files.get(name) if found else None
    if item is None:
        raise NotFound(what=request.url.path)
    headers = {
        "cache-control": _KEPT if name.startswith("assets/") else "no-cache",
        "etag": f'"{item.etag}"',
        "vary": "accept-encoding",
    }
    if name == "sw.js":  # it lies below /app/ but works for the whole site
        headers["service-worker-allowed"] = "/"
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    accepted = request.headers.get("accept-encoding", "")
    path = item.path
    for encoding, _ in _ENCODINGS:
        if encoding in accepted and encoding in item.encoded:
            headers["content-encoding"] = encoding
            path = item.encoded[encoding]
            break
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError as error:  # built anew since
        raise NotFound(what=request.url.path) from error
    return Response(content, media_type=item.media_type, headers=headers)


async def shell(request: Request) -> Response:
    """The one page of the application; which screen it shows is read from the address by the application itself."""
    found = bundle()
    if found is None:
        return RedirectResponse(_plain(request), 303)
    nonce = secrets.token_urlsafe(16)
    language = language_of(request.scope)
    city = (await city_view(request, people=False)).model_dump_json()
    page = (
        found.shell.replace("__NONCE__", nonce)
        .replace("__LANGUAGE__", "zh-CN" if language == "zh" else "en")
        .replace("__CITY__", city.replace("<", "\\u003c"))
    )
    headers = {
        "cache-control": "no-store",
        "content-security-policy": _POLICY.format(nonce=nonce),
        "vary": "Cookie, Accept-Language",
    }
    response = Response(page, media_type="text/html", headers=headers)
    if request.query_params.get("lang") in ("zh", "en"):
        response.set_cookie(cookie_name, language, max_age=31_536_000, samesite="lax")
    return response


def _plain(request: Request) -> str:
    """The plain page that does what the asked address does."""
    path = request.url.path
    first = path.strip("/").partition("/")[0]
    here = path if first in ("report", "follow", "verify", "sign-in", "account", "desk") else "/"
    return f"/plain{here}" + (f"?{request.url.query}" if request.url.query else "")


async def vote(request: Request) -> Response:
    """The address that stands on letters to owners leads to the page that works without scripts."""
    return RedirectResponse("/plain/vote", 303)


router.add_api_route("/", shell, methods=["GET"])
router.add_api_route("/vote", vote, methods=["GET"])
for _name in (*PORTAL_PAGES, *FACES):
    router.add_api_route(f"/{_name}", shell, methods=["GET"])
    router.add_api_route(f"/{_name}/{{rest:path}}", shell, methods=["GET"])
