"""The static files of the pages: read once at start, served from memory under a path that changes with their content.

``/static/<digest>/app.js`` may be kept by a browser for ever; relative imports between modules keep the digest by
themselves. The files need no build and fetch nothing from outside.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

from yiwang.kernel.errors import NotFound

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@cache
def files() -> dict[str, bytes]:
    """Every static file by its name."""
    return {
        path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in sorted(_FOLDER.rglob("*")) if path.is_file()
    }


@cache
def digest() -> str:
    """Twelve hex digits over all names and contents."""
    whole = hashlib.sha256()
    for name, content in files().items():
        whole.update(name.encode() + b"\0" + content + b"\0")
    return whole.hexdigest()[:12]


def url_of(name: str) -> str:
    """Where a page finds the static file ``name``."""
    if name not in files():
        raise LookupError(f"there is no static file {name}")
    return f"/static/{digest()}/{name}"


@router.get("/static/{version}/{name:path}")
async def static(request: Request, version: str, name: str) -> Response:
    """A static file; an old version's path still answers, but is not kept."""
    content = files().get(name)
    if content is None:
        raise NotFound(what=request.url.path)
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    kept = "public, max-age=31536000, immutable" if version == digest() else "no-cache"
    return Response(content, media_type=kind, headers={"cache-control": kept, "etag": f'"{digest()}"'})


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Browsers ask for it by themselves."""
    return Response(files()["icon.svg"], media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})
