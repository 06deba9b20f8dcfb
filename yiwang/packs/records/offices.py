"""Which office invented records of a type come from: the one that provides the type in the resource catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.identity.directory import Directory
from yiwang.identity.model import OrganisationRow
from yiwang.packs.loaded import City

_NOT_CATALOGUED = {
    "subsidy-programme": "civil-affairs", "livelihood-policy": "civil-affairs", "death-record": "civil-affairs",
    "official-relative": "civil-affairs", "public-affair": "civil-affairs",
    "unit": "housing", "maintenance-fund": "housing",
    "elder": "civil-affairs", "elder-visit": "civil-affairs", "elder-checkup": "civil-affairs",
}  # fmt: skip
_HAZMAT, _TRANSPORT = "hazmat-", "transport"
_LAW, _ENFORCEMENT = "law-", "enforcement"


def offices_of(city: City, directory: Directory) -> Mapping[str, OrganisationRow]:
    """The providing office by type; types that nobody in this city provides are left out."""
    types = [item.value.id for pack in city.packs for item in pack.types]
    provided = {
        item.value.type: item.value.provider for pack in city.packs for item in pack.resources if item.value.type
    }
    found: dict[str, OrganisationRow] = {}
    for type_id in types:
        kept_by = provided.get(type_id) or _NOT_CATALOGUED.get(type_id)
        if kept_by is None and type_id.startswith(_HAZMAT):
            kept_by = _TRANSPORT
        elif kept_by is None and type_id.startswith(_LAW):
            kept_by = _ENFORCEMENT
        if kept_by is None:
            continue
        office = directory.organisation_by_code(kept_by) or directory.serving(kept_by, "")
        if office is not None:
            found[type_id] = office
    return found
