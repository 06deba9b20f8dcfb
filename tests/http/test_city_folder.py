"""What the edge knows of its city without the database."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.http.conftest import ROOT
from yiwang.http.city import kinds_of_post, read_city


def test_the_calendar_is_laid_once_and_anew_when_its_files_change(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    shutil.copytree(ROOT / "tests" / "cities" / "small", folder)
    first = read_city(folder)
    assert read_city(folder).calendar is first.calendar
    city = folder / "city.yaml"
    text = city.read_text(encoding="utf-8")
    city.write_text(
        text.replace('slots: ["08:00-12:00", "14:00-18:00"]', 'slots: ["09:00-12:00", "14:00-17:00"]'), "utf-8"
    )
    other = read_city(folder)
    assert other.calendar is not first.calendar
    assert other.calendar.hours.slots[0].start == 9 * 3600
    assert first.calendar.hours.slots[0].start == 8 * 3600


def test_每种岗位示一个账号_岗位不重复() -> None:
    city = read_city(ROOT / "cities" / "xiqing")
    shown = city.one_of_each_kind
    assert 10 <= len(shown) < len(city.demo_accounts) / 2
    kinds = [tuple(sorted({*kinds_of_post(item), *item.roles})) for item in shown]
    assert len(set(kinds)) == len(kinds)
    twice = next(item for item in city.demo_accounts if len(item.posts) > len(kinds_of_post(item)))
    assert kinds_of_post(twice).count("handler") == 1
