"""The server-rendered pages: a plain console that works from the first start, in Chinese and English, without a build.

Pages read through the services of this process with the caller's own actor, and change things only through the public
API (small modules in ``static``), so they can do nothing that a program cannot.
"""

from fastapi import APIRouter, Depends

from yiwang.http.pages import auditing, desk, flows, follow, home, report, signing, timeliness, verify, vote
from yiwang.http.pages.rendering import note_cursor

router = APIRouter(prefix="/plain", include_in_schema=False, dependencies=[Depends(note_cursor)])
for part in (home, report, follow, signing, desk, flows, auditing, timeliness, verify, vote):
    router.include_router(part.router)

__all__ = ["router"]
