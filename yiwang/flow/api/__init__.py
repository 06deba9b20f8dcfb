"""The HTTP routes of flow, under ``/api/v1``: one module per kind of thing."""

from __future__ import annotations

from fastapi import APIRouter

from yiwang.flow.api import decisions, events, flows, instances, look, tasks, versions

router = APIRouter()
router.include_router(flows.router)
router.include_router(instances.router)
router.include_router(tasks.router)
router.include_router(events.router)
router.include_router(decisions.router)
router.include_router(look.router)
router.include_router(versions.router)
