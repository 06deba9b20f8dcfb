"""Devices from a CSV or Excel sheet: judged first (dry run), then taken; good rows are taken, faulty ones named."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from pydantic import BaseModel

from yiwang.casework.errors import ImportFileInvalid
from yiwang.casework.importing.source import Source
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import FieldError, TooLarge
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.settings import Settings
from yiwang.sensing.devices.importing import MOST_ROWS, ImportReport, SheetUnusable, import_devices
from yiwang.sensing.devices.registry import DeviceRegistry

router = APIRouter(prefix="/api/v1", tags=["devices 设备"], responses=problems(*BEFORE_ANY_ROUTE))
_piece = 1 << 20
_SUFFIXES = frozenset({".csv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods"})


class DeviceImportView(BaseModel):
    """What became of the rows; ``faults`` name the row as the spreadsheet shows it."""

    dry_run: bool
    rows: int
    new: int
    changed: int
    unchanged: int
    refused: int
    faults: list[FieldError]


@router.post(
    "/devices/import", summary="Import devices 导入设备表",
    responses=problems("device.sheet_unusable", "input.too_large"),
)  # fmt: skip
async def import_sheet(
    request: Request,
    actor: SignedInActor,
    file: Annotated[UploadFile, File(description="CSV or Excel with the columns 编号 型号 地址 名称 …")],
    dry_run: Annotated[bool, Form()] = True,
) -> DeviceImportView:
    """Columns: code, profile, address, name; optionally name_en, organisation, lon, lat, secret, and attributes of the profile.
    Grant `device: register`, and `device: edit` for rows whose code is known."""
    registry: DeviceRegistry = request.app.state.devices
    actor.require("device", "register")
    settings: Settings = registry.context.settings
    suffix = Path(file.filename or "").suffix.lower()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sheet{suffix if suffix in _SUFFIXES else '.csv'}"
        await _store(file, path, settings.upload_limit)
        header, rows = await asyncio.to_thread(_read, path)
    report = await import_devices(registry, actor, header, rows, dry_run=dry_run)
    return _view(report, dry_run)


async def _store(file: UploadFile, path: Path, limit: int) -> None:
    size = 0
    with path.open("wb") as target:
        while piece := await file.read(_piece):
            size += len(piece)
            if size > limit:
                raise TooLarge(limit=limit, size=size)
            target.write(piece)


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    rows: list[tuple[int, list[str]]] = []
    try:
        header = Source(path, []).header
        for number, cells in Source(path, header).rows():
            rows.append((number, cells or []))
            if len(rows) > MOST_ROWS:
                break
    except ImportFileInvalid as error:
        raise SheetUnusable(reason_zh=str(error.data["why"]), reason_en=str(error.data["why"])) from error
    return list(header), rows


def _view(report: ImportReport, dry_run: bool) -> DeviceImportView:
    return DeviceImportView(
        dry_run=dry_run, rows=report.rows, new=report.new, changed=report.changed, unchanged=report.unchanged,
        refused=report.refused, faults=report.faults,
    )  # fmt: skip
