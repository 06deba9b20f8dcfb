"""HTTP routes of devices. Fixed paths come before ``/devices/{device_id}``."""

from fastapi import APIRouter

from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.sensing.devices.api import commands, knocking, registry, tiles

router = APIRouter(prefix="/api/v1", responses=problems(*BEFORE_ANY_ROUTE))
for part in (knocking, registry, commands, tiles):
    router.include_router(part.router)

__all__ = ["router"]
