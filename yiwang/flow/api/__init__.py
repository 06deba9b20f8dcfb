"""The HTTP routes of flow, under ``/api/v1``: one module per kind of thing."""

from __future__ import annotations

from fastapi import APIRouter

from yiwang.flow.api import flows

router = APIRouter()
router.include_router(flows.router)
