"""居民怎么说, 系统都要认得: everyday phrasings of a city's commonest matters find their class."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.packs.conftest import ROOT
from yiwang.casework.classify import WordIndex
from yiwang.casework.declarations import ClassTree

REPORTS: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "everyday_reports.yaml").read_text(encoding="utf-8")
)


@cache
def tree() -> ClassTree:
    path = ROOT / "packs" / "urban-management" / "classes" / "gbt47678.yaml"
    return ClassTree.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@cache
def index() -> WordIndex:
    return WordIndex(tree().classes)


@pytest.mark.parametrize("code", REPORTS)
def test_常见问题的日常说法都能认出分类(code: str) -> None:
    missed = {}
    for text in REPORTS[code]:
        found = index().propose(text, 1)
        if not found or found[0].code != code:
            missed[text] = found
    assert missed == {}


def test_至少十五类各有十来种说法() -> None:
    assert len(REPORTS) >= 15
    assert sum(len(texts) for texts in REPORTS.values()) >= 15 * 12


def test_每个分类认得自己的名称() -> None:
    lost = {
        item.names.zh: found[0].code
        for item in tree().classes
        if (found := index().propose(item.names.zh, 1)) and found[0].code != item.code
    }
    assert lost == {}
