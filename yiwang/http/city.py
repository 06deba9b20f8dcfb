"""What the edge knows of its city without the database: names, working hours, notes for maps, demo accounts —
city.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from yiwang.kernel.calendar import WorkingCalendar, WorkingHours, calendar_files, load_calendar, read_working_hours
from yiwang.kernel.errors import FieldError, Problem
from yiwang.packs.findings import Findings
from yiwang.packs.model.city import AreasFile, CityFile, DemoAccount
from yiwang.packs.schema import fit
from yiwang.packs.source import read_source


class CityUnreadable(Problem):
    code = "installation.city_unreadable"
    status = 500
    zh = "城市文件夹 {folder} 不能读取:{reason}。请用 YIWANG_CITY 指定城市文件夹,或执行 yiwang check 查看错误。"
    en = "The city folder {folder} cannot be read: {reason}. Set YIWANG_CITY, or see what is wrong with: yiwang check"


@dataclass(frozen=True, slots=True)
class CityInfo:
    """A city as far as pages and commands need it before they ask the database."""

    folder: Path
    file: CityFile
    areas: AreasFile | None
    calendar: WorkingCalendar

    @property
    def division(self) -> str:
        """The city's own area code."""
        return self.file.division

    def name(self, language: str) -> str:
        return self.file.names.zh if language == "zh" else self.file.names.en

    def note(self, language: str) -> str:
        """What every map must say, where boundaries were not surveyed; else ""."""
        if self.areas is None or self.areas.surveyed or self.areas.note is None:
            return ""
        return self.areas.note.zh if language == "zh" else self.areas.note.en

    @property
    def demo_accounts(self) -> list[DemoAccount]:
        return list(self.file.demo.accounts) if self.file.demo else []

    @property
    def one_of_each_kind(self) -> list[DemoAccount]:
        """The first demo account of each kind of work, so that a newcomer sees all kinds at a glance."""
        found: dict[tuple[str, ...], DemoAccount] = {}
        for item in self.demo_accounts:
            found.setdefault(tuple(sorted({*kinds_of_post(item), *item.roles})), item)
        return list(found.values())

    @property
    def demo_password(self) -> str:
        return self.file.demo.password.get_secret_value() if self.file.demo else ""


def kinds_of_post(account: DemoAccount) -> list[str]:
    """The kinds of post that an account holds, each once."""
    return list(dict.fromkeys(post if isinstance(post, str) else post.code for post in account.posts))


def read_city(folder: Path) -> CityInfo:
    """Read ``city.yaml`` and the head of ``areas/areas.yaml``; the packs are not touched.

    Raises:
        CityUnreadable: naming file, line and what is wrong. Problems of calendar files as they are.
    """
    findings = Findings()
    path = folder / "city.yaml"
    source = read_source(path, findings) if path.is_file() else None
    file = fit(source, CityFile, findings) if source else None
    if file is None:
        errors = [
            FieldError(where=f"{item.file}:{item.line}", code=item.code, zh=item.zh, en=item.en)
            for item in findings.items
        ]
        raise CityUnreadable(
            errors=errors, folder=str(folder), reason=errors[0].en if errors else "there is no city.yaml"
        )
    areas_path = folder / "areas" / "areas.yaml"
    areas_source = read_source(areas_path, findings) if areas_path.is_file() else None
    return CityInfo(
        folder, file, fit(areas_source, AreasFile, findings) if areas_source else None, _calendar(folder, file)
    )


def _calendar(folder: Path, file: CityFile) -> WorkingCalendar:
    paths = calendar_files("CN")
    if isinstance(file.calendar, list):
        paths = [*paths, *(folder / name for name in file.calendar)]
    states = tuple((path, _state(path)) for path in paths)
    return _load(states, read_working_hours(file.hours, f"{folder / 'city.yaml'} hours"))


@lru_cache(maxsize=8)
def _load(files: tuple[tuple[Path, tuple[int, int]], ...], hours: WorkingHours) -> WorkingCalendar:
    """The calendar of these files as they are: laying its slots takes a while, and it never changes."""
    return load_calendar([path for path, _ in files], hours)


def _state(path: Path) -> tuple[int, int]:
    """What tells whether a file is still the same; reading one that is missing says so."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
