"""Devices from a sheet: each row is judged by itself, good ones are taken and the others named with row and reason.

A row whose code is in the register already changes that device where the importer may edit it; a row that says nothing new
changes nothing. A dry run judges and writes nothing. The sheet is read elsewhere; here it is rows of named columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from yiwang.kernel.access import Actor
from yiwang.kernel.errors import FieldError, Problem
from yiwang.sensing.devices.registry import DeviceForm, DeviceRegistry
from yiwang.sensing.devices.store import registry as store

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("code", "编号", "设备编号"),
    "profile": ("profile", "型号", "设备型号"),
    "address": ("address", "地址", "MN", "终端号", "通信地址"),
    "name": ("name", "名称", "设备名称"),
    "name_en": ("name_en", "英文名称"),
    "organisation": ("organisation", "机构", "机构代码", "权属单位代码"),
    "lon": ("lon", "经度"),
    "lat": ("lat", "纬度"),
    "secret": ("secret", "密码", "密钥"),
}
"""Column → its headings. Further columns are attributes, by key or Chinese name."""
NEEDED: Final = ("code", "profile", "address", "name")
MOST_ROWS: Final = 5_000
MOST_FAULTS: Final = 1_000


class SheetUnusable(Problem):
    code = "device.sheet_unusable"
    status = 422
    zh = "表格不能用:{reason_zh}。"
    en = "The sheet cannot be used: {reason_en}."


@dataclass(slots=True)
class ImportReport:
    """What became of the rows. ``faults`` name row (as the spreadsheet shows it) and reason, at most :data:`MOST_FAULTS`."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    faults: list[FieldError] = field(default_factory=list)

    def refuse(self, row: int, problem: Problem) -> None:
        """Note a row that was not taken."""
        self.refused += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(
                FieldError(where=f"row {row}", code=problem.code, zh=problem.message("zh"), en=problem.message("en"))
            )


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Column → its place in the header.

    Raises:
        SheetUnusable: a column that must be there is not.
    """
    found = {
        key: place
        for key, words in COLUMNS.items()
        for place, heading in enumerate(header)
        if heading.strip().lower() in {word.lower() for word in words}
    }
    missing = [COLUMNS[key][1] + f"({key})" for key in NEEDED if key not in found]
    if missing:
        raise SheetUnusable(
            reason_zh=f"缺少列 {'、'.join(missing)}", reason_en=f"columns {', '.join(missing)} are missing"
        )
    return found


async def import_devices(
    registry: DeviceRegistry,
    actor: Actor,
    header: Sequence[str],
    rows: Sequence[tuple[int, Sequence[str]]],
    *,
    dry_run: bool,
) -> ImportReport:
    """Take the rows (number, cells) of a sheet. Each row is a transaction of its own within one that a dry run takes back.

    Raises:
        SheetUnusable: a column is missing, or there are more than :data:`MOST_ROWS` rows. Forbidden: no grant at all.
    """
    actor.require("device", "register")
    columns = columns_of(header)
    if len(rows) > MOST_ROWS:
        raise SheetUnusable(
            reason_zh=f"超过 {MOST_ROWS} 行,请分成几份", reason_en=f"more than {MOST_ROWS} rows; split it"
        )
    report = ImportReport(rows=len(rows))
    async with registry.context.database.connection() as connection:
        outer = connection.transaction()
        await outer.start()
        try:
            for number, cells in rows:
                try:
                    async with connection.transaction():
                        form = _form(registry, header, columns, cells)
                        known = (await store.by_codes(connection, [form.code])).get(form.code)
                        if known is None:
                            await registry.register(connection, actor, form)
                            report.new += 1
                            continue
                        after = await registry.edit(connection, actor, known.id, known.revision, form)
                        report.changed += after.revision != known.revision
                        report.unchanged += after.revision == known.revision
                except Problem as problem:
                    report.refuse(number, problem)
        except BaseException:
            await outer.rollback()
            raise
        await (outer.rollback() if dry_run else outer.commit())
    return report


class RowUnusable(Problem):
    code = "device.row_unusable"
    status = 422
    zh = "{column}“{value}”不能用:{reason_zh}。"
    en = "{column} “{value}” cannot be used: {reason_en}."


def _form(
    registry: DeviceRegistry, header: Sequence[str], columns: Mapping[str, int], cells: Sequence[str]
) -> DeviceForm:
    values = {key: cells[place].strip() for key, place in columns.items() if place < len(cells)}
    for key in NEEDED:
        if not values.get(key):
            raise RowUnusable(column=COLUMNS[key][1], value="", reason_zh="不能为空", reason_en="it must not be empty")
    for key, most in (("code", 60), ("name", 200), ("name_en", 200), ("secret", 128)):
        if len(values.get(key, "")) > most:
            raise RowUnusable(
                column=COLUMNS[key][1],
                value=values[key][:20] + "…",
                reason_zh=f"最多 {most} 个字",
                reason_en=f"at most {most} characters",
            )
    profile = _profile(registry, values["profile"])
    return DeviceForm(
        code=values["code"],
        profile=profile,
        address=values["address"],
        name_zh=values["name"],
        name_en=values.get("name_en", ""),
        organisation=values.get("organisation") or None,
        at=_place(values),
        attributes=_attributes(registry, profile, header, set(columns.values()), cells),
        secret=values.get("secret") or None,
    )


def _profile(registry: DeviceRegistry, word: str) -> str:
    """The profile by its id or its Chinese name."""
    for key, profile in registry.directory.profiles.items():
        if word in (key, profile.name("zh")):
            return key
    return word


def _place(values: Mapping[str, str]) -> tuple[float, float] | None:
    lon, lat = values.get("lon", ""), values.get("lat", "")
    if not lon and not lat:
        return None
    try:
        found = float(lon), float(lat)
    except ValueError as error:
        raise _not_a_place(lon, lat) from error
    if not (-180 <= found[0] <= 180 and -90 <= found[1] <= 90):
        raise _not_a_place(lon, lat)
    return found


def _not_a_place(lon: str, lat: str) -> RowUnusable:
    return RowUnusable(
        column="经度,纬度",
        value=f"{lon},{lat}"[:60],
        reason_zh="应为以度为单位的经度和纬度",
        reason_en="degrees are expected, longitude and latitude",
    )


def _attributes(
    registry: DeviceRegistry, profile: str, header: Sequence[str], used: set[int], cells: Sequence[str]
) -> dict[str, str]:
    """Further columns that the profile knows as attributes; others are passed over."""
    found = registry.directory.profile(profile)
    declared = found.declaration.attributes if found else {}
    by_word = {word: key for key, words in declared.items() for word in (key, words.zh, words.en)}
    return {
        by_word[heading.strip()]: cells[place].strip()[:500]
        for place, heading in enumerate(header)
        if place not in used and place < len(cells) and heading.strip() in by_word and cells[place].strip()
    }
