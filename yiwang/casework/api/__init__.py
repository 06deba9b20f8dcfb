"""HTTP routes of casework, thin: bodies are checked here, everything else is the service's."""

from fastapi import APIRouter

from yiwang.casework.api import attachments, cases, tasks, tiles, types, verbs

router = APIRouter(prefix="/api/v1")
for part in (cases, verbs, tasks, attachments, types, tiles):
    router.include_router(part.router)

__all__ = ["router"]
