"""``yiwang account absence``: declared, listed, changed and ended from the machine itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def in_city(city_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIWANG_DATABASE_URL", city_url)


def test_absence_from_declaring_to_ending(yiwang: Command) -> None:
    for login in ("away.wei", "deputy.li", "other.na"):
        assert yiwang("account", "create", login, login).code == 0
    now = datetime.fromisoformat(yiwang("clock", "show", "--json").json()["now"])
    end = (now + timedelta(days=3)).strftime("%Y-%m-%dT18:00")
    until = ("--until", end)
    made = yiwang(
        "account", "absence", "declare", "away.wei", "deputy.li", *until, "--kind", "urban-case", "--json"
    ).json()
    (row,) = made
    assert (row["login"], row["deputy"], row["acting"], row["kinds"]) == (
        *("away.wei", "deputy.li", "deputy.li"),
        ["urban-case"],
    )
    assert row["until"] == f"{end}+08:00"
    again = yiwang("account", "absence", "declare", "away.wei", "other.na", *until, "--kind", "urban-case")
    assert (again.code, "identity.absence_overlaps" in again.error) == (3, True)
    assert yiwang("account", "absence", "declare", "nobody", "other.na", *until).code == 3
    wrong = yiwang("account", "absence", "declare", "away.wei", "other.na", "--until", "tomorrow")
    assert (wrong.code, "--until" in wrong.error) == (3, True)
    changed = yiwang("account", "absence", "change", row["id"], "--deputy", "other.na", "--json").json()
    assert (changed[0]["deputy"], changed[0]["until"]) == ("other.na", row["until"])
    listed = yiwang("account", "absence", "list", "other.na", "--json").json()
    assert [one["id"] for one in listed] == [changed[0]["id"]]
    assert "other.na" in yiwang("account", "absence", "list").out
    assert yiwang("account", "absence", "end", changed[0]["id"]).code == 0
    ended = yiwang("account", "absence", "end", changed[0]["id"])
    assert (ended.code, "identity.absence_over" in ended.error) == (3, True)
    assert yiwang("account", "absence", "list", "away.wei", "--json").json() == []
    assert yiwang("account", "absence", "list", "away.wei", "--past", "--json").json()
