"""Writes the files of a city's folder from the rows of its sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from yiwang.identity.separation import ADMINISTRATOR_POSTS
from yiwang.packs.areas import GRID_POST
from yiwang.packs.founding.model import COMMUNITY, STREET, Office, Wish

_ORGANISATION = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_HEAD = "# Made from a sheet of organisations. Change the sheet and found the city anew, or go on here by hand."


def _text(value: str) -> str:
    """A YAML scalar: JSON's quoting is YAML's, too."""
    return orjson.dumps(value).decode()


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"


def organisations_yaml(offices: list[Office], wish: Wish) -> str:
    """organisations.yaml; sets each office's line. Who names no parent, or one that is not there, stands at the top."""
    lines = [
        _HEAD,
        "organisations:",
    ]
    codes = {office.code for office in offices}
    _with_administrators(offices)
    below: dict[str, list[Office]] = {}
    for office in offices:
        below.setdefault(office.parent if office.parent in codes and office.parent != office.code else "", []).append(
            office
        )
    written: set[int] = set()

    def write(parent: str, indent: str) -> None:
        for office in below.get(parent, []):
            if office.row in written:
                continue
            written.add(office.row)
            office.line = len(lines) + 1
            lines.append(f"{indent}- code: {_text(office.code)}")
            lines.append(f"{indent}  names: {{zh: {_text(office.name)}, en: {_text(office.name_en)}}}")
            lines.append(f"{indent}  kind: {_text(office.kind)}")
            if office.area or not parent:
                lines.append(f"{indent}  area: {_text(office.area or wish.division)}")
            if office.serves:
                lines.append(f"{indent}  serves: {_list(office.serves)}")
            if office.posts:
                lines.append(f"{indent}  posts: {_list(office.posts)}")
            if below.get(office.code):
                lines.append(f"{indent}  children:")
                write(office.code, f"{indent}    ")

    write("", "  ")
    for office in offices:  # parents in a circle: they are still told of, at the top
        if office.row not in written:
            below[""] = [office]
            write("", "  ")
    return "\n".join(lines) + "\n"


def _with_administrators(offices: list[Office]) -> None:
    """Every city has the three administrators; where the sheet forgets them they sit in the centre, or the first office."""
    held = {post for office in offices for post in office.posts}
    home = next((office for office in offices if "centre" in office.serves), offices[0])
    home.posts += [kind.code for kind in ADMINISTRATOR_POSTS if kind.code not in held]


def areas_yaml(offices: Sequence[Office], wish: Wish, *, surveyed_streets: bool) -> tuple[int, int, str]:
    streets = [office for office in offices if office.kind in ("street", "town") and len(office.area) == STREET]
    communities = [office for office in offices if office.kind == "community" and len(office.area) == COMMUNITY]
    lines = [f"surveyed: {'true' if wish.surveyed else 'false'}"]
    if not wish.surveyed:
        lines.append('note: {zh: "示意边界，非测绘成果", en: "Schematic boundaries, not surveyed"}')
    lines.append("boundary: boundary.geojson")
    if surveyed_streets:
        lines += ["streets:", "  file: boundary.geojson"]
    elif streets:
        by = "nearest-seat" if all(street.seat for street in streets) else "division"
        lines += ["streets:", f"  generate: {{by: {by}}}", "  list:", *(_area_line(street) for street in streets)]
    with_communities = {office.area[:STREET] for office in communities}
    whole = [
        replace(
            street,
            area=f"{street.area}001",
            name=f"{street.name}(全域)",
            name_en=f"{street.name_en} (whole)",
            seat=None,
        )
        for street in streets
        if street.area not in with_communities
    ]
    if communities or whole:
        by = "nearest-seat" if communities and not whole and all(one.seat for one in communities) else "division"
        lines += [
            "communities:",
            f"  generate: {{by: {by}}}",
            "  list:",
            *(_area_line(one) for one in (*communities, *whole)),
        ]
    lines += ["unit_grids:", "  generate: {size: 100}", "responsibility_grids:", "  generate: {unit_grids: 40}"]
    return len(streets), len(communities), "\n".join(lines) + "\n"


def _area_line(office: Office) -> str:
    seat = f", seat: [{office.seat[0]}, {office.seat[1]}]" if office.seat else ""
    return (
        f"    - {{code: {_text(office.area)}, names: {{zh: {_text(office.name)}, en: {_text(office.name_en)}}}{seat}}}"
    )


@dataclass(frozen=True, slots=True)
class DemoPerson:
    login: str
    name: str
    organisation: str
    area: str
    posts: tuple[str, ...]


def demo_accounts(offices: Sequence[Office], wish: Wish) -> list[DemoPerson]:
    """A demo account for each office that has posts, and one for each administrator, who does nothing else."""
    administrators = {kind.code: kind.names.zh for kind in ADMINISTRATOR_POSTS}
    made: list[DemoPerson] = []
    for office in offices:
        if not _ORGANISATION.fullmatch(office.code):
            continue  # the check says so; an account could not be named after it
        posts = tuple(dict.fromkeys(post for post in office.posts if post not in administrators))
        if posts:
            made.append(
                DemoPerson(office.code, f"{office.name}(演示)", office.code, office.area or wish.division, posts)
            )
        made += [
            DemoPerson(post, administrators[post], office.code, "", (post,))
            for post in office.posts
            if post in administrators
        ]
    return made[:1000]


def city_yaml(wish: Wish, accounts: Sequence[DemoPerson]) -> str:
    lines = [
        f"id: {_text(wish.id)}",
        f"names: {{zh: {_text(wish.zh)}, en: {_text(wish.en)}}}",
        f"division: {_text(wish.division)}",
        f"coordinates: {_text(wish.coordinates)}",
        f"packs: {_list(wish.packs)}",
        'hours: {timezone: Asia/Shanghai, slots: ["08:00-12:00", "14:00-18:00"], nominal_day: 8}',
    ]
    if accounts:
        lines += ["demo:", f"  password: {_text(wish.password)}", "  accounts:"]
        lines += [
            f"    - {{login: {_text(item.login)}, name: {_text(item.name)}, organisation: {_text(item.organisation)},"
            f" posts: [{', '.join(_post(post, item.area) for post in item.posts)}]}}"
            for item in accounts
        ]
        if wish.day is not None:
            lines.append(
                f'  day: {{start: "{wish.day.isoformat(timespec="minutes")}", speed: 60, reports_per_hour: 30}}'
            )
    return "\n".join(lines) + "\n"


def _post(post: str, area: str) -> str:
    """A post as an account names it; a grid worker's by its area, because each grid of an office has one of its own."""
    return f"{{code: {_text(post)}, area: {_text(area)}}}" if post == GRID_POST and area else _text(post)
