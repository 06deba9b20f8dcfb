"""The plan table of a city folder: packs and cities read from their files, kept results from the home."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yiwang.packs.check.scenarios import scenario_cities
from yiwang.packs.errors import CityInvalid
from yiwang.packs.findings import Findings, shown
from yiwang.packs.loaded import Pack
from yiwang.packs.loader import load_city, load_pack, pack_folders
from yiwang.packs.proving.keeping import kept_results
from yiwang.packs.proving.rows import PlanTable, plan_table


@dataclass(frozen=True, slots=True)
class Proving:
    """What is judged: the packs of a city, all packs by id, and the cities in which scenarios act."""

    city: str
    packs: tuple[Pack, ...]
    every: dict[str, Pack]
    cities: dict[str, Path]
    root: Path

    def table(self, home: Path) -> PlanTable:
        """The catalogue with the results kept in ``home``."""
        return plan_table(self.city, self.packs, self.every, self.cities, kept_results(home), self.root)


def read_proving(folder: Path, packs: Path) -> Proving:
    """Read a city and all packs.

    Raises:
        CityInvalid: the city or one of its packs cannot be read.
    """
    findings = Findings()
    city = load_city(folder, packs, findings)
    if city is None or findings.errors:
        raise CityInvalid(
            folder=shown(folder),
            count=findings.errors,
            details="\n".join(item.line_of_text() for item in findings.items[:20]),
        )
    every = {pack.id: pack for path in pack_folders(packs) if (pack := load_pack(path, Findings())) is not None}
    root = packs.parent
    cities = {**scenario_cities(root / "cities", root / "tests"), city.id: folder}
    # As the packs' own files have them: a city's wording is not what their scenarios were written for.
    return Proving(city.id, tuple(every[pack.id] for pack in city.packs if pack.id in every), every, cities, root)
