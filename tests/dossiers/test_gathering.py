"""一户一档: what a record gathers from the cases of its file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import ValidationError

from yiwang.dossiers.gathering import FiledCase, changed, gathered, shown_fields
from yiwang.dossiers.service import since
from yiwang.kernel.database import Json
from yiwang.registry.declarations import DossierPart, ThingType

NOW = datetime(2026, 7, 1, 1, tzinfo=UTC)
WORDS = {"zh": "项", "en": "Item"}


def part(**gives: object) -> DossierPart:
    return DossierPart.model_validate(
        {"id": "a", "names": WORDS, "case": "inspection", "field": "licence", "gives": gives}
    )


def case(days_ago: float, state: str = "closed", **fields: Json) -> FiledCase:
    at = NOW - timedelta(days=days_ago)
    return FiledCase(uuid4(), "JC1", "inspection", state, "已办结", "JC01", at, at, fields)


def test_最近得分_取最近一件有得分的案件() -> None:
    cases = [case(1, state="open"), case(30, score=70), case(300, score=95)]
    assert gathered(part(last_score={"latest": "score"}), cases, since(NOW, 24)) == {"last_score": 70}


def test_计数和合计_只看期限以内的案件() -> None:
    cases = [case(10, grade="fail", fine=500), case(40, grade="pass"), case(800, grade="fail", fine=9000)]
    found = gathered(
        part(failed={"count": '"grade" in fields && fields.grade == "fail"'}, fines={"sum": "fine"}),
        cases,
        since(NOW, 24),
    )
    assert found == {"failed": 1, "fines": 500}


def test_缺少所问字段的案件不计数() -> None:
    assert gathered(part(failed={"count": 'fields.grade == "fail"'}), [case(1)], since(NOW, 24)) == {"failed": 0}


def test_没有案件_没有最近得分_计数为零() -> None:
    found = gathered(part(last_score={"latest": "score"}, n={"count": "true"}), [], since(NOW, 24))
    assert found == {"last_score": None, "n": 0}


def test_没有变化就不写() -> None:
    assert changed({"name": "店", "n": 1}, {"n": 1}) is None
    assert changed({"name": "店", "n": 1.0}, {"n": 1}) is None
    assert changed({"name": "店"}, {"last_score": None}) is None


def test_不再有值的字段从登记中去掉() -> None:
    assert changed({"name": "店", "last_score": 70}, {"last_score": None, "n": 0}) == {"name": "店", "n": 0}


def test_档案只显示汇集用到的案件字段() -> None:
    assert shown_fields(part(a={"latest": "score"}, b={"sum": "fine"}, c={"count": "true"})) == {"score", "fine"}


def test_一个字段只能有一种汇集方式() -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        part(a={"latest": "score", "sum": "fine"})


@pytest.mark.parametrize(
    ("attribute", "why"),
    [({"required": True}, "not required"), ({"calculated": "1"}, "calculated"), ({"sealed": True}, "sealed")],
)
def test_汇集字段不能是必填_计算或加密的(attribute: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        kind({"n": {"names": WORDS, "schema": {"type": "integer"}, **attribute}})


def test_档案的键由一个字段构成() -> None:
    with pytest.raises(ValidationError, match=r"dossier\.key"):
        kind({"n": {"names": WORDS, "schema": {"type": "integer"}}}, key="code")


def kind(attributes: dict[str, object], key: str = "number") -> ThingType:
    number = {"names": WORDS, "schema": {"type": "string"}, "required": True}
    return ThingType.model_validate(
        {
            "id": "shop", "names": WORDS, "attributes": {"number": number, **attributes}, "keys": {"number": ["number"]},
            "presentation": {"title": ["number"]},
            "dossier": {
                "key": key,
                "parts": [{"id": "a", "names": WORDS, "case": "b", "field": "c", "gives": {"n": {"count": "true"}}}],
            },
        }
    )  # fmt: skip
