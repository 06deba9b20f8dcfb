"""Judging what shall be recorded: attributes against the type, the geometry, the area. No I/O."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.geo.locator import Locator
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError
from yiwang.registry.declarations import GeometryKind
from yiwang.registry.errors import AttributesInvalid, GeometryInvalid
from yiwang.registry.identifiers import division_code
from yiwang.registry.model import Draft, Ready
from yiwang.registry.sealing import Sealer
from yiwang.registry.types import CompiledType, digest_of

most_vertices = 100_000
_longest_geometry = 8 * 2**20
DIGITS = 7

_KINDS: Mapping[GeometryKind, tuple[frozenset[str], str, str]] = {
    "point": (frozenset({"Point"}), "点", "a point"),
    "line": (frozenset({"LineString", "MultiLineString"}), "线", "a line"),
    "polygon": (frozenset({"Polygon", "MultiPolygon"}), "面", "an area"),
    "any": (
        frozenset({"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}),
        "点、线或面",
        "a point, line or area",
    ),
    "none": (frozenset(), "不需要图形", "no geometry"),
}


class Judge:
    """Judges drafts of any type; holds the locator of this process, and seals what is declared so."""

    def __init__(self, locator: Locator, sealer: Sealer) -> None:
        self._locator = locator
        self.sealer = sealer

    def ready(self, kind: CompiledType, draft: Draft, shape: BaseGeometry | None = None) -> Ready:
        """The draft as it will be stored; ``shape`` is its geometry where it is one already (CGCS2000 degrees).

        Raises:
            AttributesInvalid: with every fault. GeometryInvalid: the geometry alone is wrong.
        """
        attributes = kind.calculated(kind.normal(draft.attributes))
        faults = [] if kind.fits(attributes) else kind.faults(attributes)
        geometry: BaseGeometry | None = None
        try:
            if shape is not None:
                geometry = self.sound(kind.declaration.geometry, shape)
            else:
                geometry = self.geometry(kind.declaration.geometry, draft.geometry)
        except GeometryInvalid as problem:
            faults.append(
                FieldError(where="/geometry", code=problem.code, zh=problem.message("zh"), en=problem.message("en"))
            )
        if faults:
            raise AttributesInvalid(errors=faults, type=kind.declaration.names.zh, count=len(faults))
        written: str | None = None
        point: tuple[float, float] | None = None
        if isinstance(geometry, shapely.Point):
            point = (geometry.x, geometry.y)
            written = f'{{"type":"Point","coordinates":[{point[0]!r},{point[1]!r}]}}'
        elif geometry is not None:
            written = shapely.to_geojson(geometry)
        stored = hidden = attributes
        if kind.sealed:
            stored = self.sealer.sealed(attributes, kind.sealed, kind.joined)
            hidden = self.sealer.hidden(kind.id, attributes, kind.sealed)
        return Ready(
            stored,
            written,
            self.area(kind, attributes, geometry),
            kind.title(attributes),
            kind.keys(hidden),
            kind.terms(hidden),
            digest_of(hidden, written),
            point,
        )

    def geometry(self, wanted: GeometryKind, given: JsonObject | None) -> BaseGeometry | None:
        """GeoJSON (CGCS2000 degrees) as a sound geometry, rounded to a centimetre; rings that cross themselves are refused."""
        if given is None:
            return None
        kinds, zh, en = _KINDS[wanted]
        if given.get("type") not in kinds:
            raise GeometryInvalid(reason_zh=f"这一类型需要{zh}", reason_en=f"this type takes {en}")
        text = orjson.dumps(given)
        if len(text) > _longest_geometry:
            raise GeometryInvalid(reason_zh="超过 8 MiB", reason_en="it is larger than 8 MiB")
        try:
            found = shapely.from_geojson(text.decode())
        except (shapely.errors.GEOSException, ValueError, TypeError) as error:
            raise GeometryInvalid(reason_zh="不是 GeoJSON 图形", reason_en="it is not a GeoJSON geometry") from error
        if found is None:
            raise GeometryInvalid(reason_zh="图形是空的", reason_en="it is empty")
        return self.sound(wanted, found)

    def sound(self, wanted: GeometryKind, found: BaseGeometry) -> BaseGeometry:
        """A geometry (CGCS2000 degrees) of the kind wanted, without heights, rounded; raises GeometryInvalid."""
        kinds, zh, en = _KINDS[wanted]
        if found.geom_type not in kinds:
            raise GeometryInvalid(reason_zh=f"这一类型需要{zh}", reason_en=f"this type takes {en}")
        if found.is_empty:
            raise GeometryInvalid(reason_zh="图形是空的", reason_en="it is empty")
        if isinstance(found, shapely.Point):
            given_x, given_y = found.x, found.y
            x, y = round(given_x, DIGITS), round(given_y, DIGITS)
            if not (-180 <= x <= 180 and -90 <= y <= 90):
                raise GeometryInvalid(
                    reason_zh="坐标不是经纬度(经度在前)", reason_en="its coordinates are not degrees, longitude first"
                )
            return found if (x, y) == (given_x, given_y) and not found.has_z else shapely.Point(x, y)
        count = shapely.get_num_coordinates(found)
        if count > most_vertices:
            raise GeometryInvalid(
                reason_zh=f"有 {count} 个顶点,最多 {most_vertices} 个,请先简化",
                reason_en=f"it has {count} vertices, at most {most_vertices} are taken; simplify it first",
            )
        found = shapely.force_2d(found)
        west, south, east, north = found.bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise GeometryInvalid(
                reason_zh="坐标不是经纬度(经度在前)", reason_en="its coordinates are not degrees, longitude first"
            )
        found = shapely.transform(found, lambda points: points.round(DIGITS))
        if not shapely.is_valid(found):
            reason = shapely.is_valid_reason(found)
            raise GeometryInvalid(reason_zh=f"图形自相交或有重叠({reason})", reason_en=f"it is not sound: {reason}")
        return found

    def area(self, kind: CompiledType, attributes: JsonObject, geometry: BaseGeometry | None) -> str:
        """The area code, by place or by the attribute that holds one; empty where it cannot be told."""
        how = kind.declaration.area
        if how == "none":
            return ""
        if how != "place":
            value = attributes.get(how)
            return (division_code(value) or "") if isinstance(value, str) else ""
        if geometry is None:
            return ""
        point = geometry if geometry.geom_type == "Point" else geometry.representative_point()
        located = self._locator.locate(shapely.get_x(point), shapely.get_y(point))
        return located.area_code if located else ""
