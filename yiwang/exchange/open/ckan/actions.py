"""The actions that are offered, by name: each takes arguments and gives what CKAN calls the result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from yiwang import __version__
from yiwang.exchange.open import rows
from yiwang.exchange.open.ckan import datastore, packages, searching
from yiwang.exchange.open.ckan.arguments import Arguments, not_found
from yiwang.exchange.open.errors import DatasetUnknown
from yiwang.exchange.open.model import Dataset
from yiwang.exchange.open.service import OpenData
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection, Json, JsonObject

CKAN_VERSION = "2.10.0"
"""The version whose read side this follows."""
_most_listed = 1000
_FACETS = {"organization": "Organizations", "groups": "Groups", "tags": "Tags", "res_format": "Formats",
           "license_id": "Licenses"}  # fmt: skip


class Actions:
    """One request's view of the catalogue. ``base``: this server's address; ``language``: of titles for people."""

    def __init__(self, service: OpenData, connection: Connection, base: str, language: str) -> None:
        self._service, self._connection, self._base, self._language = service, connection, base, language

    async def _all(self) -> list[Dataset]:
        return await self._service.catalogue.datasets(self._connection)

    async def _one(self, id: str) -> Dataset:
        try:
            return await self._service.catalogue.dataset(self._connection, id)
        except DatasetUnknown as error:
            raise not_found("Dataset") from error

    async def site_read(self, given: Arguments) -> Json:
        """Whether this site may be read."""
        return True

    async def status_show(self, given: Arguments) -> Json:
        """What runs here."""
        return {
            "ckan_version": CKAN_VERSION,
            "site_url": self._base,
            "site_title": self._service.title(self._language),
            "site_description": f"Yiwang {__version__}",
            "error_emails_to": None,
            "locale_default": "zh_Hans_CN",
            "extensions": ["datastore"],
        }

    async def package_list(self, given: Arguments) -> Json:
        """Names of all datasets."""
        return _part([dataset.id for dataset in await self._all()], given)

    async def current_package_list_with_resources(self, given: Arguments) -> Json:
        """All datasets with their resources."""
        limit = Arguments({"limit": given.whole("limit", 100, _most_listed), "offset": given.whole("offset", 0, 10**9)})
        return _part([packages.package(self._base, dataset) for dataset in await self._all()], limit)

    async def package_show(self, given: Arguments) -> Json:
        """One dataset."""
        return packages.package(self._base, await self._one(given.text("id") or given.needed("name_or_id")))

    async def package_search(self, given: Arguments) -> Json:
        """Datasets by words, fields and facets."""
        terms = searching.parsed(given.text("q", "*:*")) + searching.parsed(given.text("fq"))
        for each in given.listed("fq_list"):
            terms += searching.parsed(each)
        found = searching.ordered(searching.matching(await self._all(), terms), given.text("sort"))
        start, count = given.whole("start", 0, 10**9), given.whole("rows", 10, _most_listed)
        fields = [name for name in given.listed("facet.field") if name in _FACETS] if given.flag("facet", True) else []
        most = given.whole("facet.limit", 50, _most_listed)
        facets = {name: _counted(found, name, most) for name in fields}
        return {
            "count": len(found),
            "sort": given.text("sort") or "score desc, metadata_modified desc",
            "results": [packages.package(self._base, dataset) for dataset in found[start : start + count]],
            "facets": {name: {str(each["name"]): each["count"] for each in items} for name, items in facets.items()},
            "search_facets": {name: {"title": _FACETS[name], "items": [*items]} for name, items in facets.items()},
        }

    async def package_autocomplete(self, given: Arguments) -> Json:
        """Datasets whose name or title holds the text."""
        text = given.needed("q").lower()
        found = [each for each in await self._all() if text in each.id or text in each.names.zh.lower()]
        most = given.whole("limit", 10, 100)
        return [
            {"name": each.id, "title": each.names.zh, "match_field": "title", "match_displayed": each.names.zh}
            for each in found[:most]
        ]

    async def resource_show(self, given: Arguments) -> Json:
        """One download of a dataset."""
        dataset, form = await self._resource(given.needed("id"))
        return packages.resource(self._base, dataset, form)

    async def _resource(self, id: str) -> tuple[Dataset, str]:
        name, _, form = id.rpartition(".")
        if name:
            dataset = await self._one(name)
            if form in packages.forms_of(dataset):
                return dataset, form
        raise not_found("Resource")

    async def organization_list(self, given: Arguments) -> Json:
        """Providers that have opened something."""
        return await self._kinds("organization", packages.organization, given)

    async def group_list(self, given: Arguments) -> Json:
        """Classes in which something is open."""
        return await self._kinds("groups", packages.group, given)

    async def _kinds(self, name: str, shown: Callable[[list[Dataset]], JsonObject], given: Arguments) -> Json:
        found = packages.by(await self._all(), name)
        if given.flag("all_fields"):
            return _part([shown(datasets) for datasets in found.values()], given)
        return _part(list(found), given)

    async def organization_show(self, given: Arguments) -> Json:
        """One provider, with its datasets where asked."""
        return await self._kind("organization", packages.organization, "Organization", given)

    async def group_show(self, given: Arguments) -> Json:
        """One class."""
        return await self._kind("groups", packages.group, "Group", given)

    async def _kind(self, name: str, shown: Callable[[list[Dataset]], JsonObject], word: str, given: Arguments) -> Json:
        datasets = packages.by(await self._all(), name).get(given.needed("id"))
        if not datasets:
            raise not_found(word)
        found = shown(datasets)
        if given.flag("include_datasets"):
            found["packages"] = [
                packages.package(self._base, each, resources=False) for each in datasets[:_most_listed]
            ]
        return {**found, "users": [], "tags": [], "groups": [], "extras": []}

    async def tag_list(self, given: Arguments) -> Json:
        """Keywords of datasets."""
        found = packages.by(await self._all(), "tags")
        text = given.text("query").lower()
        words = [word for word in found if text in word.lower()]
        return [packages.tag(word) for word in words] if given.flag("all_fields") else [*words]

    async def tag_show(self, given: Arguments) -> Json:
        """One keyword."""
        word = given.needed("id")
        datasets = packages.by(await self._all(), "tags").get(word)
        if not datasets:
            raise not_found("Tag")
        shown: list[Json] = [packages.package(self._base, each) for each in datasets[:_most_listed]]
        return {**packages.tag(word), **({"packages": shown} if given.flag("include_datasets") else {})}

    async def license_list(self, given: Arguments) -> Json:
        """The one licence: open, on the condition that each dataset names."""
        return [{"id": "other-open", "title": "Other (Open) 开放", "url": "", "status": "active", "od_conformance": ""}]

    async def datastore_info(self, given: Arguments) -> Json:
        """The columns of a dataset."""
        dataset = await self._table(given)
        extent = await self._service.catalogue.extent(self._connection, dataset, self._service.now())
        return {
            "meta": {
                "id": given.text("id") or given.text("resource_id"),
                "count": extent.rows,
                "table_type": "BASE TABLE",
            },
            "fields": [*datastore.fields_of(dataset)],
        }

    async def datastore_search(self, given: Arguments) -> Json:
        """Rows of a dataset."""
        dataset = await self._table(given)
        question = datastore.asked(dataset, given)
        datastore.chosen(dataset, given)
        kind, now = self._service.catalogue.kind(dataset), self._service.now()
        found = await rows.page(self._connection, kind, dataset, SYSTEM, question, now)
        total = None
        if given.flag("include_total", True):
            total = await rows.count(self._connection, kind, dataset, SYSTEM, question, now)
        return datastore.answer(dataset, given, question, found, total, "/api/3/action/datastore_search")

    async def _table(self, given: Arguments) -> Dataset:
        """The dataset of a resource; its own id does as well."""
        id = given.text("resource_id") or given.needed("id")
        dataset = await self._one(id) if "." not in id else (await self._resource(id))[0]
        if not dataset.type:
            raise not_found("Resource")
        return dataset

    async def help_show(self, given: Arguments) -> Json:
        """What an action does."""
        action = OFFERED.get(given.needed("name"))
        if action is None:
            raise not_found("Action")
        return action.__doc__ or ""


def _counted(datasets: list[Dataset], name: str, most: int) -> list[JsonObject]:
    titles: Mapping[str, Callable[[Dataset], str]] = {
        "organization": lambda each: each.provider_zh,
        "groups": lambda each: str(packages.group([each])["title"]),
    }
    found: list[JsonObject] = [
        {"name": value, "display_name": titles[name](those[0]) if name in titles else value, "count": len(those)}
        for value, those in packages.by(datasets, name).items()
    ]
    return sorted(found, key=lambda each: -int(str(each["count"])))[:most]


def _part(items: list[Json] | list[str] | list[JsonObject], given: Arguments) -> Json:
    offset = given.whole("offset", 0, 10**9)
    return [*items[offset : offset + given.whole("limit", 10**9, 10**9)]]


Action = Callable[[Actions, Arguments], Awaitable[Json]]
OFFERED: Mapping[str, Action] = {
    action.__name__: action
    for action in (
        Actions.site_read, Actions.status_show, Actions.package_list, Actions.current_package_list_with_resources,
        Actions.package_show, Actions.package_search, Actions.package_autocomplete, Actions.resource_show,
        Actions.organization_list, Actions.organization_show, Actions.group_list, Actions.group_show, Actions.tag_list,
        Actions.tag_show, Actions.license_list, Actions.datastore_info, Actions.datastore_search, Actions.help_show,
    )
}  # fmt: skip
