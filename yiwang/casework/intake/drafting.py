"""Judging a report: is it complete, where is it, what is it, may this channel and person bring it?

No I/O: everything it asks (case types, areas, organisations) is in memory, so a report costs well under a millisecond.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.casework.catalogue import CaseType, Catalogue
from yiwang.casework.classify import Classified, chosen, classify
from yiwang.casework.declarations import Channel
from yiwang.casework.errors import (
    CaseTypeRetired,
    ChannelNotYours,
    ChannelUnknown,
    PlaceOutsideCity,
    ReportRefused,
    TimeImpossible,
)
from yiwang.casework.model import Draft, Report, Urgency
from yiwang.casework.search import stored_terms
from yiwang.geo.coordinates import to_cgcs2000
from yiwang.geo.locator import Locator
from yiwang.identity.directory import Directory
from yiwang.judgement.classification.model import Circumstances
from yiwang.judgement.classification.service import Classifiers
from yiwang.kernel.access import Actor
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.identifiers import new_code, new_id
from yiwang.kernel.text import search_terms

_EARTH = 6378137.0
_CLOCK_SKEW = timedelta(minutes=10)
_OLDEST = timedelta(days=366)

_NEEDS = {
    "text": ("/text", "请描述发生了什么", "say what happened"),
    "place": ("/lon", "请在地图上选择位置", "choose the place on the map"),
    "class": ("/class_code", "请选择分类", "choose a class"),
    "photo": ("/photos", "请至少上传一张照片", "add at least one photo"),
    "phone": ("/reporter/phone", "请留下联系电话", "leave a telephone number"),
    "address": ("/address", "请填写地址", "give the address"),
}


class Drafting:
    """Turns reports into drafts by the published rules of their case types."""

    def __init__(
        self,
        catalogue: Catalogue,
        locator: Locator,
        directory: Directory,
        calendar: WorkingCalendar,
        classifiers: Classifiers,
    ) -> None:
        self._catalogue = catalogue
        self._locator = locator
        self._directory = directory
        self._calendar = calendar
        self._classifiers = classifiers

    def draft(self, report: Report, actor: Actor, now: datetime) -> Draft:
        """Judge one report.

        Raises:
            CaseTypeUnknown, CaseTypeRetired, ChannelUnknown, ChannelNotYours, ReportRefused,
            InvalidInput (with every faulty field), ClassUnknown, PlaceOutsideCity, TimeImpossible.
        """
        case_type = self._catalogue.latest(report.type)
        if case_type.retired:
            names = case_type.declaration.names
            raise CaseTypeRetired(type=report.type, name=names.zh, name_en=names.en)
        channel = self._channel(case_type, report, actor)
        report = replace(report, fields=case_type.calculated(report.fields)) if case_type.formulas else report
        self._complete(case_type, channel, report)
        if report.occurred_at is not None and not now - _OLDEST <= report.occurred_at <= now + _CLOCK_SKEW:
            raise TimeImpossible(at=report.occurred_at.isoformat())
        lon, lat, area, grid = self._place(report)
        classified = self.classify(case_type, report, area, now)
        class_code = classified.code
        urgency = self._urgency(case_type, class_code, report)
        centre = self._directory.serving("centre", area)
        if not area and centre is not None:
            area = centre.area
        self._accepted(case_type, channel, report, class_code, urgency)
        fold = case_type.declaration.fold
        x, y = project(lon, lat) if lon is not None and lat is not None else (None, None)
        foldable = fold is not None and x is not None and class_code is not None
        variables: JsonObject = {
            "centre": centre.id if centre else None,
            "area": area,
            "grid": grid or area,
            "channel": report.channel,
            "class": class_code,
            "urgency": urgency,
            "department": None,
            "limit": case_type.standard(class_code, None).limit if class_code else None,
            "verify": False,
            "visit": case_type.declaration.return_visit,
            "warn": case_type.declaration.warn,
            "rework": case_type.declaration.rework,
            **{key: report.fields.get(key) for key in case_type.formulas.order},
            **channel.variables,
        }
        draft = Draft(
            id=new_id(),
            report=report,
            type_version=case_type.version,
            class_code=class_code,
            class_system=case_type.tree.system,
            class_source=classified.source,
            class_reason=classified.reason,
            lon=lon,
            lat=lat,
            x=x,
            y=y,
            area=area,
            grid=grid,
            organisation_id=centre.id if centre else None,
            urgency=urgency,
            number_rule=case_type.number.rule.replace("{division}", area[:6]),
            number_day=self.local_day(now),
            follow_code=new_code(),
            account_id=actor.account_id,
            actor_name=actor.label,
            terms=self.terms(case_type, report, class_code, now),
            fold_metres=fold.metres / math.cos(math.radians(lat)) if fold and lat is not None else 0.0,
            fold_since=now - timedelta(days=fold.days) if fold and foldable else None,
            reported_at=now,
            variables=variables,
            advice=classified.as_json(),
        )
        own = case_type.case_class(class_code).department if class_code and not case_type.dispatched else None
        office = self._directory.serving(own, area) if own else None
        return draft.given_to(office.id) if office is not None else draft

    def area(self, report: Report) -> str:
        """The area in which a report lies; "" for one without a place.

        Raises:
            PlaceOutsideCity.
        """
        return self._place(report)[2]

    def local_day(self, at: datetime) -> str:
        """The city's own date, ISO."""
        return at.astimezone(self._calendar.hours.timezone).date().isoformat()

    def terms(self, case_type: CaseType, report: Report, class_code: str | None, at: datetime) -> str:
        """Searchable words: the description, the address, the class's name, the number at the source."""
        name = case_type.class_name(class_code) if class_code else ""
        text = "\n".join(part for part in (report.text, report.address, name, report.source_number) if part)
        return stored_terms(search_terms(text), at)

    def _channel(self, case_type: CaseType, report: Report, actor: Actor) -> Channel:
        channel = case_type.declaration.channels.get(report.channel)
        if channel is None:
            known = ", ".join(case_type.declaration.channels)
            raise ChannelUnknown(type=report.type, channel=report.channel[:60], known=known)
        if channel.who == "signed-in":
            actor.require("case", "report")
            if channel.post is not None and channel.post not in actor.post_codes and actor.kind != "system":
                raise ChannelNotYours(channel=report.channel, post=channel.post)
        return channel

    def _complete(self, case_type: CaseType, channel: Channel, report: Report) -> None:
        given = {
            "text": bool(report.text),
            "place": report.lon is not None and report.lat is not None,
            "class": bool(report.class_code),
            "photo": bool(report.photos),
            "phone": bool(report.reporter.phone),
            "address": bool(report.address),
        }
        errors = [
            FieldError(where=_NEEDS[need][0], code="input.missing", zh=_NEEDS[need][1], en=_NEEDS[need][2])
            for need in channel.needs
            if not given[need]
        ]
        if (report.lon is None) != (report.lat is None):
            errors.append(
                FieldError(
                    where="/lat", code="input.missing", zh="经度和纬度要一起填写", en="give lon and lat together"
                )
            )
        errors += case_type.field_errors(report.fields)
        if errors:
            raise InvalidInput(errors=errors, count=len(errors))

    def _place(self, report: Report) -> tuple[float | None, float | None, str, str]:
        if report.lon is None or report.lat is None:
            return None, None, "", ""
        lon, lat = to_cgcs2000(report.lon, report.lat, report.crs)
        found = self._locator.locate(lon, lat)
        if found is None:
            raise PlaceOutsideCity(lon=round(report.lon, 6), lat=round(report.lat, 6))
        return lon, lat, found.area_code, found.responsibility_grid or ""

    def classify(self, case_type: CaseType, report: Report, area: str, now: datetime) -> Classified:
        """The class that a person chose, or what rules and the model in service make of the text, its place and time.

        Raises:
            ClassUnknown: the person's class is not in the tree.
        """
        if report.class_code:
            return chosen(case_type.case_class(report.class_code).code)
        local = now.astimezone(self._calendar.hours.timezone)
        around = Circumstances(report.channel, area, local.hour, local.month)
        model = self._classifiers.get(case_type.declaration.id)
        return classify(case_type.words, case_type.classes, case_type.declaration, report.text, around, model)

    def _urgency(self, case_type: CaseType, class_code: str | None, report: Report) -> Urgency:
        if report.urgency == "urgent":
            return "urgent"
        return case_type.standard(class_code, None).urgency if class_code else "normal"

    def _accepted(
        self, case_type: CaseType, channel: Channel, report: Report, class_code: str | None, urgency: str
    ) -> None:
        program = case_type.acceptance.get(report.channel)
        if program is None:
            return
        facts = {
            "text": report.text,
            "channel": report.channel,
            "class": class_code or "",
            "class_code": class_code or "",
            "urgency": urgency,
            "photos": len(report.photos),
            "phone": report.reporter.phone,
            "address": report.address,
            "has_place": report.lon is not None,
            "fields": report.fields,
        }
        if program.execute(facts) is not True:
            words = channel.refusal
            raise ReportRefused(
                words_zh=words.zh if words else "该渠道不接受这类上报。",
                words_en=words.en if words else "This channel does not take such reports.",
            )


def project(lon: float, lat: float) -> tuple[float, float]:
    """Spherical Mercator (EPSG:3857) metres of a point in degrees."""
    return (
        math.radians(lon) * _EARTH,
        math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) * _EARTH,
    )


def same_matter(one: Draft, other: Draft) -> bool:
    """Whether two drafts would fold into each other, or carry the same key: such two may not be written together."""
    key = one.report.idempotency_key
    if key is not None and key == other.report.idempotency_key:
        return True
    source = one.report.source_number
    if source is not None and one.report.type == other.report.type and source == other.report.source_number:
        return True
    if one.fold_since is None or other.fold_since is None:
        return False
    if one.x is None or one.y is None or other.x is None or other.y is None:
        return False
    if one.report.type != other.report.type or one.class_code != other.class_code:
        return False
    return math.hypot(one.x - other.x, one.y - other.y) <= max(one.fold_metres, other.fold_metres)


def photo_rows(drafts: list[Draft]) -> tuple[list[UUID], list[UUID], list[str]]:
    """(case ids, photo ids, claims) of all photos that the drafts claim."""
    rows = [(draft.id, photo.id, photo.claim) for draft in drafts for photo in draft.report.photos]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
