"""The open catalogue as DCAT-AP 2.1.1 and 3 (the profile of DCAT for public administration). No I/O.

Code tables are those of the Publications Office of the European Union, as the profile asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from yiwang.exchange.catalogue.model import CLASSES
from yiwang.exchange.open.ckan.packages import forms_of, group_name, organization_name
from yiwang.exchange.open.downloads import FORMS, download_path
from yiwang.exchange.open.features.documents import ROOT
from yiwang.exchange.open.graph import Node, Ref, Text
from yiwang.exchange.open.model import Dataset, Extent

_AUTHORITY = "http://publications.europa.eu/resource/authority/"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_CYCLES: Mapping[int, str] = {
    1: "CONT", 2: "DAILY", 3: "WEEKLY", 4: "MONTHLY", 5: "QUARTERLY", 6: "ANNUAL", 7: "IRREG",
}  # fmt: skip


def catalogue(base: str, titles: tuple[str, str], datasets: Sequence[Dataset]) -> list[Node]:
    """The catalogue with its datasets; ``titles`` in Chinese and English."""
    root = f"{base}/open-data"
    publisher = _agent(f"{base}/#city", *titles)
    node = Node(root, "dcat:Catalog")
    node.add("dct:title", *_both(*titles))
    node.add("dct:description", *_both("向社会开放的政务数据目录", "Government data that are open to the public"))
    node.add("dct:publisher", publisher)
    node.add("dct:language", *(_coded("language/" + code, "dct:LinguisticSystem") for code in ("ZHO", "ENG")))
    scheme = Node(f"{root}#classes", "skos:ConceptScheme").add(
        "dct:title", *_both("政务信息资源分类", "Classes of data")
    )
    node.add("dcat:themeTaxonomy", scheme)
    changed = max((each.changed for each in datasets if each.changed), default=None)
    if changed is not None:
        node.add("dct:modified", _moment(changed))
    node.add("dcat:service", _service(base, titles, datasets))
    node.add("dcat:dataset", *(dataset(base, each, None) for each in datasets))
    return [node]


def dataset(base: str, found: Dataset, extent: Extent | None) -> Node:
    """A dataset with a distribution for each form; ``extent`` where it is known."""
    node = Node(f"{base}/open-data/{quote(found.id)}", "dcat:Dataset")
    node.add("dct:title", *_both(found.names.zh, found.names.en))
    node.add("dct:description", *_both(found.about.zh, found.about.en))
    node.add("dct:identifier", Text(found.code))
    node.add("dcat:keyword", *(Text(word, "zh") for word in found.keywords))
    node.add("dct:publisher", _agent(f"{base}/#{organization_name(found)}", found.provider_zh, found.provider_en))
    node.add("dcat:theme", _theme(base, found))
    node.add("dct:accrualPeriodicity", _coded("frequency/" + _CYCLES.get(found.cycle, "UNKNOWN"), "dct:Frequency"))
    node.add("dct:accessRights", _coded("access-right/PUBLIC", "dct:RightsStatement"))
    node.add("dct:language", _coded("language/ZHO", "dct:LinguisticSystem"))
    if found.published is not None:
        node.add("dct:issued", _moment(found.published))
    recorded = extent.recorded if extent is not None else None
    if recorded is not None or found.changed is not None:
        node.add("dct:modified", _moment(max(each for each in (recorded, found.changed) if each is not None)))
    if extent is not None and extent.box is not None:
        node.add("dct:spatial", _place(extent.box))
    node.add("dcat:distribution", *(_distribution(base, found, form) for form in forms_of(found)))
    return node


def _distribution(base: str, found: Dataset, form: str) -> Node:
    name, media_type, about = FORMS[form]
    address = base + download_path(found.id, form)
    node = Node(f"{base}/open-data/{quote(found.id)}#{form}", "dcat:Distribution")
    node.add("dct:title", *_both(f"{found.names.zh} {name}", f"{found.names.en} {name}"))
    node.add("dct:description", Text(about, "zh"))
    file = Node(address, "rdfs:Resource")
    node.add("dcat:accessURL", file).add("dcat:downloadURL", file)
    node.add("dcat:mediaType", Node(_MEDIA + media_type, "dct:MediaType"))
    node.add("dct:format", _coded(f"file-type/{name.upper()}", "dct:MediaTypeOrExtent"))
    if found.conditions:
        licence = Node("", "dct:LicenseDocument").add("dct:title", Text(found.conditions, "zh"))
        node.add("dct:license", licence)
    return node


def _service(base: str, titles: tuple[str, str], datasets: Sequence[Dataset]) -> Node:
    node = Node(f"{base}{ROOT}", "dcat:DataService")
    node.add("dct:title", *_both(f"{titles[0]}:OGC API 要素", f"{titles[1]}: OGC API Features"))
    node.add("dcat:endpointURL", Node(f"{base}{ROOT}/", "rdfs:Resource"))
    node.add("dcat:endpointDescription", Node(f"{base}{ROOT}/api", "rdfs:Resource"))
    node.add("dcat:servesDataset", *(Ref(f"{base}/open-data/{quote(each.id)}") for each in datasets if each.type))
    return node


def _theme(base: str, found: Dataset) -> Node:
    zh, en = CLASSES.get(found.theme[:1], ("其他", "Other"))
    node = Node(f"{base}/open-data#{group_name(found)}", "skos:Concept").add("skos:prefLabel", *_both(zh, en))
    return node.add("skos:inScheme", Ref(f"{base}/open-data#classes"))


def _agent(address: str, zh: str, en: str) -> Node:
    return Node(address, "foaf:Agent").add("foaf:name", *_both(zh, en))


def _place(box: tuple[float, float, float, float]) -> Node:
    west, south, east, north = box
    corners = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
    return Node("", "dct:Location").add("dcat:bbox", Text(f"POLYGON(({corners}))", type="geosparql:wktLiteral"))


def _coded(code: str, type_: str) -> Node:
    return Node(_AUTHORITY + code, type_)


def _both(zh: str, en: str) -> tuple[Text, Text]:
    return Text(zh, "zh"), Text(en, "en")


def _moment(at: datetime) -> Text:
    return Text(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), type="xsd:dateTime")
