"""A city against itself and its packs: offices, areas, calendar, channels, places."""

from __future__ import annotations

from collections.abc import Iterator

import shapely

from yiwang.geo.divisions import CIVIL_AFFAIRS, STATISTICAL_2023, area_code, is_valid
from yiwang.geo.errors import InvalidDivisionCode
from yiwang.identity.separation import ADMINISTRATOR_POSTS
from yiwang.kernel.calendar import calendar_files, load_calendar, read_working_hours
from yiwang.kernel.errors import Problem
from yiwang.packs.areas import ListedArea, listed_areas, read_boundary
from yiwang.packs.check.demo import check_demo
from yiwang.packs.check.flows import Offices, check_people, post_code
from yiwang.packs.check.references import BUILT_IN_DEPARTMENTS, departments_named, needed, post_kinds, unknown
from yiwang.packs.check.values import check_texts_of
from yiwang.packs.findings import Findings, Place, suggestion
from yiwang.packs.loaded import City
from yiwang.packs.model.city import OrganisationEntry
from yiwang.packs.source import Trail

_CODE_SYSTEMS = (STATISTICAL_2023, CIVIL_AFFAIRS)
_DIGITS = {"streets": 9, "communities": 12}


def check_city(city: City, findings: Findings) -> None:
    """Everything about one city that its files can tell."""
    _check_file(city, findings)
    _check_division(city.file.value.division, city.file.source.place(("division",)), findings)
    _check_offices(city, findings)
    _check_areas(city, findings)
    _check_departments(city, findings)
    _check_channels(city, findings)
    check_demo(city, findings)
    check_people(city, findings)
    sources = [city.file.source]
    sources += [item.source for item in (city.organisations, city.areas) if item is not None]
    check_texts_of([*sources, *(item.source for item in city.overrides)], findings)


def _check_file(city: City, findings: Findings) -> None:
    file, source = city.file.value, city.file.source
    system = file.code_system
    if system.partition("-")[0] not in {known.partition("-")[0] for known in _CODE_SYSTEMS}:
        zh, en = suggestion(system, [STATISTICAL_2023, f"{CIVIL_AFFAIRS}-2024"])
        findings.add(source.place(("code_system",)), "city.code_system", name=system, hint_zh=zh, hint_en=en)
    known = {pack.id: pack for pack in city.packs}
    for pack in city.packs:
        for name in needed(pack, known) + [need for need in pack.file.value.needed_ids if need not in known]:
            # A need that is no pack at all is told at the pack.
            there = file.packs if city.runs(pack) else [*file.packs, *file.retired]
            if name not in there and (pack.folder.parent / name).is_dir():
                findings.add(source.place(("packs",)), "city.pack_needed", pack=pack.id, needed=name)
    if file.hours:
        try:
            read_working_hours(file.hours, source.file)
        except Problem as problem:
            reason = {"reason_zh": str(problem.data.get("reason_zh")), "reason_en": str(problem.data.get("reason_en"))}
            findings.add(source.place(("hours",)), "city.calendar", **reason)
    if isinstance(file.calendar, list):
        paths = [city.folder / name for name in file.calendar]
        for index, path in enumerate(paths):
            if not path.is_file():
                findings.add(source.place(("calendar", index)), "file.missing", name=file.calendar[index])
        try:
            load_calendar([*calendar_files(), *(path for path in paths if path.is_file())])
        except Problem as problem:
            place = source.place(("calendar",))
            findings.add(place, "city.calendar", reason_zh=problem.message("zh"), reason_en=problem.message("en"))


def _check_division(code: str, place: Place, findings: Findings) -> bool:
    """Whether geo takes the area code: its province is known and no group in it is empty."""
    try:
        area_code(code)
    except InvalidDivisionCode as problem:
        reason = {"reason_zh": str(problem.data["reason_zh"]), "reason_en": str(problem.data["reason_en"])}
        findings.add(place, "city.division_code", code=code, **reason)
        return False
    return True


def _walk(entries: list[OrganisationEntry], trail: Trail) -> Iterator[tuple[Trail, OrganisationEntry]]:
    for index, entry in enumerate(entries):
        here = (*trail, index)
        yield here, entry
        yield from _walk(entry.children, (*here, "children"))


def _check_offices(city: City, findings: Findings) -> None:
    if city.organisations is None:
        return
    source, division = city.organisations.source, city.file.value.division
    posts = [*post_kinds(city.packs), *(post.code for post in ADMINISTRATOR_POSTS)]
    kinds = {kind for pack in city.packs for kind in pack.file.value.departments} | BUILT_IN_DEPARTMENTS
    first: dict[str, Trail] = {}
    for trail, entry in _walk(city.organisations.value.organisations, ("organisations",)):
        if entry.code in first:
            where = f"{source.file}:{source.place(first[entry.code]).line}"
            findings.twice(source.place((*trail, "code")), "organisation", entry.code, where)
        first.setdefault(entry.code, trail)
        if entry.area is not None and entry.area != "" and not entry.area.startswith(division):
            place = source.place((*trail, "area"))
            findings.add(place, "city.division", what_zh="区域", what_en="The area", code=entry.area, division=division)
        for index, kind in enumerate(entry.serves):
            if kind not in kinds:
                unknown(findings, source.place((*trail, "serves", index)), _DEPARTMENT, kind, kinds)
        for index, post in enumerate(entry.posts):
            if post_code(post) not in posts:
                unknown(findings, source.place((*trail, "posts", index)), _POST, post_code(post), posts)
    if not any("centre" in entry.serves for _, entry in _walk(city.organisations.value.organisations, ())):
        findings.add(source.place(("organisations",)), "city.no_centre")


_DEPARTMENT = ("部门类别", "kind of department")
_POST = ("岗位", "post")


def _check_areas(city: City, findings: Findings) -> None:
    if city.areas is None:
        return
    areas, source = city.areas.value, city.areas.source
    if not areas.surveyed and areas.note is None:
        findings.add(source.place(("surveyed",)), "city.areas_note")
    lists = {level: listed_areas(city, level, findings) for level in ("streets", "communities")}
    for level, items in lists.items():
        declared = getattr(areas, level)
        if declared is not None and (declared.file is None) == (declared.list_ is None or declared.generate is None):
            findings.add(source.place((level,)), "city.areas_way", level=level)
        if declared is not None and declared.file is not None and not (city.folder / "areas" / declared.file).is_file():
            findings.add(source.place((level, "file")), "file.missing", name=f"areas/{declared.file}")
        _check_codes(city, level, items, {item.code for item in lists["streets"]}, findings)
    division = city.file.value.division
    codes = [division, *(item.code for items in lists.values() for item in items)]
    # What a survey holds is known only when it is read.
    surveyed = [_DIGITS[level] for level in lists if getattr(getattr(areas, level), "file", None) is not None]
    for room in ("unit_grids", "responsibility_grids"):
        declared = getattr(areas, room)
        if declared is None or declared.generate is None:
            continue
        for index, code in enumerate(declared.generate.areas):
            if code not in codes and not (len(code) in surveyed and code.startswith(division)):
                zh, en = suggestion(code, codes)
                place = source.place((room, "generate", "areas", index))
                findings.add(place, "city.area_unknown", code=code, hint_zh=zh, hint_en=en)
    boundary = read_boundary(city, findings)
    if boundary is None:
        return
    for name, named in city.file.value.places.items():
        if not shapely.contains_xy(boundary, *named.at):
            findings.add(city.file.source.place(("places", name, "at")), "city.place_outside", place=name)


def _check_codes(city: City, level: str, items: list[ListedArea], streets: set[str], findings: Findings) -> None:
    division = city.file.value.division
    seen: dict[str, ListedArea] = {}
    for item in items:
        if item.code in seen:
            where = f"{seen[item.code].place.file}:{seen[item.code].place.line}"
            findings.twice(item.place, level, item.code, where)
        seen.setdefault(item.code, item)
        if not item.code.startswith(division):
            findings.add(
                item.place, "city.division", what_zh="代码", what_en="The code", code=item.code, division=division
            )
        elif len(item.code) != _DIGITS[level]:
            findings.add(item.place, "city.digits", code=item.code, digits=_DIGITS[level])
        elif level == "communities" and streets and item.code[:9] not in streets:
            zh, en = suggestion(item.code[:9], streets)
            findings.add(item.place, "city.area_unknown", code=item.code[:9], hint_zh=zh, hint_en=en)
        elif is_valid(division):  # else the city's own code is told, not each that begins with it
            _check_division(item.code, item.place, findings)


def _check_departments(city: City, findings: Findings) -> None:
    if city.organisations is None:
        return
    offices = Offices(city.organisations.value.organisations, city.file.value.division)
    kinds = {kind for pack in city.packs for kind in pack.file.value.departments} | BUILT_IN_DEPARTMENTS
    told: set[str] = set()
    for pack in city.packs:
        for kind, source, trail, what in departments_named(pack):
            if kind in kinds and kind not in told and not offices.serving(kind):
                told.add(kind)
                findings.add(source.place(trail), "city.no_department", city=city.id, kind=kind, what=what)


def _check_channels(city: City, findings: Findings) -> None:
    cases = {case.value.id: case.value for pack in city.packs for case in pack.cases}
    source = city.file.source
    for name, channels in city.file.value.channels.items():
        case = cases.get(name)
        if case is None:
            unknown(findings, source.key_place(("channels", name)), ("案件类型", "case type"), name, cases)
            continue
        for channel in channels:
            if channel not in case.channels:
                place = source.key_place(("channels", name, channel))
                unknown(findings, place, ("渠道", "channel"), channel, case.channels)
