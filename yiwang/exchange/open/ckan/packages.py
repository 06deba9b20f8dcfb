"""Open datasets as CKAN's packages, resources, organizations, groups and tags. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from yiwang.exchange.catalogue.model import CLASSES, CYCLES
from yiwang.exchange.open.downloads import FORMS, download_path
from yiwang.exchange.open.model import Dataset
from yiwang.kernel.database import Json, JsonObject

_LICENSE = ("other-open", "Other (Open) 开放", "")


def when(at: datetime | None) -> str | None:
    """A moment as CKAN writes it: UTC, without zone."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def organization_name(dataset: Dataset) -> str:
    return f"org-{dataset.provider}"


def group_name(dataset: Dataset) -> str:
    return f"class-{dataset.theme[:1]}"


def resource_ids(dataset: Dataset) -> list[str]:
    """One resource for each form in which the data can be had."""
    return [f"{dataset.id}.{form}" for form in forms_of(dataset)]


def forms_of(dataset: Dataset) -> list[str]:
    """csv and json, with places geojson as well; none for data that are kept elsewhere."""
    if not dataset.type:
        return []
    return [form for form in FORMS if form != "geojson" or dataset.geometry != "none"]


def package(base: str, dataset: Dataset, *, resources: bool = True) -> JsonObject:
    """A dataset as ``package_show`` gives it."""
    listed: list[Json] = [resource(base, dataset, form) for form in forms_of(dataset)] if resources else []
    tags: list[Json] = [tag(word) for word in dataset.keywords]
    extras = {
        "code": dataset.code,
        "title_en": dataset.names.en,
        "notes_en": dataset.about.en,
        "update_cycle": CYCLES[dataset.cycle][0] if dataset.cycle in CYCLES else "",
        "provider_code": dataset.provider_code,
        "open_condition": dataset.conditions,
    }
    return {
        "id": dataset.id,
        "name": dataset.id,
        "title": dataset.names.zh,
        "notes": dataset.about.zh,
        "type": "dataset",
        "state": "active",
        "private": False,
        "isopen": True,
        "license_id": _LICENSE[0],
        "license_title": _LICENSE[1],
        "url": f"{base}/open-data/{dataset.id}",
        "version": dataset.version,
        "author": dataset.provider_zh,
        "author_email": None,
        "maintainer": dataset.provider_zh,
        "maintainer_email": None,
        "creator_user_id": None,
        "metadata_created": when(dataset.published),
        "metadata_modified": when(dataset.changed),
        "owner_org": organization_name(dataset),
        "organization": organization([dataset], counted=False),
        "groups": [group([dataset], counted=False)],
        "tags": tags,
        "num_tags": len(tags),
        "resources": listed,
        "num_resources": len(listed),
        "extras": [{"key": key, "value": value} for key, value in extras.items() if value],
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }


def resource(base: str, dataset: Dataset, form: str) -> JsonObject:
    """A download as ``resource_show`` gives it."""
    form_name, media_type, about = FORMS[form]
    return {
        "id": f"{dataset.id}.{form}",
        "package_id": dataset.id,
        "name": f"{dataset.names.zh} {form_name}",
        "description": about,
        "format": form_name,
        "mimetype": media_type,
        "mimetype_inner": None,
        "url": base + download_path(dataset.id, form),
        "url_type": None,
        "resource_type": "file",
        "state": "active",
        "position": forms_of(dataset).index(form),
        "datastore_active": True,
        "hash": "",
        "size": None,
        "cache_url": None,
        "cache_last_updated": None,
        "created": when(dataset.published),
        "last_modified": when(dataset.changed),
        "metadata_modified": when(dataset.changed),
    }


def organization(datasets: list[Dataset], *, counted: bool = True) -> JsonObject:
    """The provider of these datasets."""
    first = datasets[0]
    return {
        "id": organization_name(first),
        "name": organization_name(first),
        "title": first.provider_zh,
        "display_name": first.provider_zh,
        "description": first.provider_code,
        "type": "organization",
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
        "image_url": "",
        "image_display_url": "",
        "created": when(min((each.published for each in datasets if each.published), default=None)),
        **({"package_count": len(datasets)} if counted else {}),
    }


def group(datasets: list[Dataset], *, counted: bool = True) -> JsonObject:
    """The class (类) of these datasets: base, thematic or departmental."""
    first = datasets[0]
    zh, en = CLASSES.get(first.theme[:1], ("其他", "Other"))
    return {
        "id": group_name(first),
        "name": group_name(first),
        "title": zh,
        "display_name": zh,
        "description": en,
        "type": "group",
        "is_organization": False,
        "approval_status": "approved",
        "state": "active",
        "image_display_url": "",
        **({"package_count": len(datasets)} if counted else {}),
    }


def tag(word: str) -> JsonObject:
    return {"id": word, "name": word, "display_name": word, "state": "active", "vocabulary_id": None}


def by(datasets: Iterable[Dataset], name: str) -> dict[str, list[Dataset]]:
    """Datasets put together by ``organization``, ``groups``, ``tags``, ``res_format`` or ``license_id``."""
    found: dict[str, list[Dataset]] = {}
    for dataset in datasets:
        for value in values(dataset, name):
            found.setdefault(value, []).append(dataset)
    return dict(sorted(found.items()))


def values(dataset: Dataset, name: str) -> list[str]:
    """What a dataset has under a name that searches and facets use; [] under names that are not known."""
    match name:
        case "organization" | "owner_org":
            return [organization_name(dataset)]
        case "groups":
            return [group_name(dataset)]
        case "tags":
            return list(dict.fromkeys(dataset.keywords))
        case "res_format":
            return [FORMS[form][0] for form in forms_of(dataset)]
        case "license_id":
            return [_LICENSE[0]]
        case "name" | "id":
            return [dataset.id]
        case "title":
            return [dataset.names.zh]
        case "notes":
            return [dataset.about.zh]
        case "author" | "maintainer":
            return [dataset.provider_zh]
        case "state":
            return ["active"]
        case "type" | "dataset_type":
            return ["dataset"]
        case "private" | "capacity":
            return ["false" if name == "private" else "public"]
    return []
