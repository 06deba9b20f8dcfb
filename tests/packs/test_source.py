"""YAML of packs: values follow the core schema of YAML 1.2, each value knows its place, nothing harmful gets through."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.packs.findings import Findings, suggestion, width_of
from yiwang.packs.source import Place, Value, read_source, value_at


def read(text: str, folder: Path) -> tuple[Value, list[str]]:
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    findings = Findings()
    source = read_source(path, findings)
    return (source.value if source else None), [item.code for item in findings.items]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("on", "on"), ("NO", "NO"), ("true", True), ("false", False), ("True", "True"),
        ("null", None), ("~", None), ("", None), ("12", 12), ("-3", -3), ("0", 0), ("012", "012"), ("0x10", "0x10"),
        ("1_000", "1_000"), ("12:30", "12:30"), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("2026-06-18", "2026-06-18"),
        ('"120111"', "120111"), ("120111", 120111), ("'yes'", "yes"), ("99999999999999999999", "99999999999999999999"),
        ("<<", "<<"),
    ],
)  # fmt: skip
def test_plain_values_follow_the_core_schema(text: str, value: Value, tmp_path: Path) -> None:
    assert read(f"key: {text}\n", tmp_path) == ({"key": value}, [])


def test_every_value_and_key_knows_its_place(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: 1\n名称: {zh: 中文, en: English}\nitems:\n  - id: one\n  - {id: two}\n", encoding="utf-8")
    source = read_source(path, Findings())
    assert source is not None
    file = source.file
    assert source.place(("名称", "en")) == Place(file, 2, 18)
    assert source.key_place(("items",)) == Place(file, 3, 1)
    assert source.place(("items", 1, "id")) == Place(file, 5, 10)
    assert source.place(("items", 1, "nowhere", "deeper")) == Place(file, 5, 5)
    assert value_at(source.value, ("items", 0, "id")) == "one"
    assert value_at(source.value, ("items", 9)) is None


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 8)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert read(bomb, tmp_path) == (None, ["yaml.alias"])


def test_deep_nesting_does_not_exhaust_the_stack(tmp_path: Path) -> None:
    assert read("a: " + "[" * 200_000, tmp_path) == (None, ["yaml.too_deep"])


def test_objects_are_never_made(tmp_path: Path) -> None:
    assert read("a: !!python/object/new:os.system [echo]\n", tmp_path) == (None, ["yaml.tag"])


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_with_a_place(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "x.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    findings = Findings()
    source = read_source(path, findings)
    assert (source is None) == bool(findings.items)
    assert all(item.line >= 1 and item.column >= 1 and item.zh and item.en for item in findings.items)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.text("ab中 :#-'\"", max_size=8))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, value: Value) -> None:
    import yaml

    path = tmp_path_factory.mktemp("back") / "x.yaml"
    path.write_text(yaml.safe_dump({"value": value}, allow_unicode=True), encoding="utf-8")
    found = read_source(path, Findings())
    assert found is not None
    assert found.value == {"value": value}


def test_suggestions_name_what_is_near_or_what_there_is() -> None:
    assert suggestion("lamps", ["lamp", "desk"])[1] == "did you mean lamp?"
    assert suggestion("xyz", ["lamp", "desk"])[1] == "known here: desk, lamp."
    assert suggestion("xyz", [])[1] == "there are none here."
    assert suggestion("xyz", [f"{number:03}" for number in range(40)])[1] == "known are 40, such as 000, 001, 002."


def test_chinese_takes_two_columns() -> None:
    assert width_of("路灯 lamp") == 9
