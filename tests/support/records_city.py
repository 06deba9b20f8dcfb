"""The small city with base libraries: data stewards of the whole and of one street, an officer who may read what is masked."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import yaml

from support.http_city import HttpCity, http_city
from support.small_city import SMALL_CITY
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.packs.install import install_city

PACKS = ("base-addresses", "base-population", "base-legal-entities")
ACCOUNTS: list[dict[str, Any]] = [
    {"login": "steward1", "name": "钱文静", "organisation": "operations-centre", "posts": ["data-steward"]},
    {"login": "steward2", "name": "何明达", "organisation": "operations-centre", "posts": ["data-steward"]},
    {"login": "steward-east", "name": "东方晓", "organisation": "dongjie", "posts": ["data-steward"]},
    {"login": "steward-west", "name": "西门庆丰", "organisation": "xijie", "posts": ["data-steward"]},
    {"login": "officer1", "name": "户小方", "organisation": "operations-centre", "posts": ["population-officer"]},
    {"login": "officer-east", "name": "户东", "organisation": "dongjie", "posts": ["population-officer"]},
]
POSTS = {"operations-centre": ("data-steward", "population-officer"), "dongjie": ("data-steward", "population-officer"),
         "xijie": ("data-steward",)}  # fmt: skip


def write_city(folder: Path) -> Path:
    """The folder of that city."""
    shutil.copytree(SMALL_CITY / "areas", folder / "areas")
    city = yaml.safe_load((SMALL_CITY / "city.yaml").read_text("utf-8"))
    city["packs"] += PACKS
    city["demo"]["accounts"] += ACCOUNTS
    (folder / "city.yaml").write_text(yaml.safe_dump(city, allow_unicode=True), "utf-8")
    offices = yaml.safe_load((SMALL_CITY / "organisations.yaml").read_text("utf-8"))

    def add(entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            entry.setdefault("posts", []).extend(POSTS.get(entry["code"], ()))
            add(entry.get("children", []))

    add(offices["organisations"])
    (folder / "organisations.yaml").write_text(yaml.safe_dump(offices, allow_unicode=True), "utf-8")
    return folder


@contextlib.asynccontextmanager
async def records_city(server: EmbeddedServer, home: Path) -> AsyncIterator[HttpCity]:
    """A fresh copy of the small city, the base libraries published into it as into a city that runs."""
    folder = home / "small"
    folder.mkdir()
    written = write_city(folder)
    async with http_city(server, home, demo=True, city=written) as city:
        await install_city(city.services.context, city.services, written)
        yield city


def building(code: int, name: str, division: str, /, **more: object) -> dict[str, object]:
    """The attributes of a building."""
    found = {
        "code": f"{division:0<12}B{code:05}",
        "name": name,
        "address": f"建设路{code}号{name}",
        "use": "residential",
        "floors": 6,
        "division": division,
    }
    return {**found, **more}
