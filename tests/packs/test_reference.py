"""The pack reference says what every key means, and is what the code says."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from tests.packs.conftest import ROOT
from yiwang.packs.messages import MESSAGES
from yiwang.packs.model.city import AreasFile, CityFile, OrganisationsFile, OverrideFile
from yiwang.packs.model.pack import PackFile, ProofFile, RolesFile
from yiwang.packs.model.scenario import COMMON, FIELDS, Scenario
from yiwang.packs.reference import MODELS, meaning, models_of, reference_page

PAGE = ROOT / "docs" / "reference" / "packs.md"
FILES: list[type[BaseModel]] = [
    PackFile, ProofFile, RolesFile, CityFile, OrganisationsFile, AreasFile, OverrideFile, Scenario,
    MODELS["CaseTypeDeclaration"], MODELS["ClassTree"], MODELS["DispatchTable"], MODELS["ThingType"],
]  # fmt: skip


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), "write it anew: make docs"


@pytest.mark.parametrize("file", FILES, ids=lambda model: model.__name__)
def test_every_key_is_documented(file: type[BaseModel]) -> None:
    page = reference_page()
    for model in models_of(file):
        for name, field in model.model_fields.items():
            key = field.alias or name
            assert meaning(key, field), f"{model.__name__}.{key} needs a description"
            assert f"| `{key}` |" in page


def test_every_finding_is_listed() -> None:
    listed = re.findall(r"^\| `([a-z_]+\.[a-z_0-9]+)` \|", reference_page(), re.MULTILINE)
    assert listed == list(MESSAGES)


def test_every_field_of_a_step_is_taken_by_some_verb() -> None:
    fields = {field.alias or name for name, field in MODELS["ScenarioStep"].model_fields.items()}
    assert fields == COMMON.union(*FIELDS.values())
