"""权限合并:the merged list grants exactly what the given one does, and is short."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.identity.city import grant
from yiwang.identity.grants import (
    HeldRole,
    effective_grants,
    grants_from_json,
    grants_json,
    limited,
    limits_from_json,
    limits_json,
    merge,
    scoped_grants,
)
from yiwang.identity.model import TokenGrant
from yiwang.kernel.access import Actor, Grant, Sql, scope_condition

AREAS = ["", "12", "120111", "120111001", "120111001002", "120111002", "G1", "G10", "120111001R1"]
VERBS = ["read", "dispatch", "close"]
PLACES = ["120111001002", "120111001003", "120111002001", "110115001001", "G1"]

one_grant = st.builds(
    Grant,
    st.sampled_from(["case", "task", "*"]),
    st.frozensets(st.sampled_from([*VERBS, "*"]), min_size=1),
    st.sampled_from(AREAS),
    st.none() | st.frozensets(st.sampled_from([1, 2, 3]), min_size=1),
)


def reaches(grants: tuple[Grant, ...] | list[Grant], questions: int = 0) -> list[bool]:
    actor = Actor(kind="person", grants=tuple(grants))
    return [
        actor.reaches(kind, verb, area=area, organisation=organisation, grid=grid)
        for kind, verb, area, organisation, grid in product(
            ["case", "task", "other"], [*VERBS, "else"], PLACES, [None, 1, 2, 3, 4], [None, "G1", "G10", "120111001R1"]
        )
        # A grid lies in the areas that its code begins with; the merge relies on it.
        if grid != "120111001R1" or area.startswith("120111001")
    ]


@given(st.lists(one_grant, max_size=12))
@settings(max_examples=150, deadline=None)
def test_合并前后_权限完全相同(grants: list[Grant]) -> None:
    merged = merge(grants)
    assert reaches(merged) == reaches(grants)
    assert set(merge(merged)) == set(merged)


@given(
    st.lists(one_grant, max_size=6), st.lists(st.sampled_from(AREAS), min_size=1, max_size=3), st.sampled_from(VERBS)
)
@settings(max_examples=100, deadline=None)
def test_令牌权限_是本人权限的子集(owner: list[Grant], areas: list[str], verb: str) -> None:
    part = limited(owner, [TokenGrant("case", frozenset({verb}), area) for area in areas])
    wide = [Grant("case", frozenset({verb}), area) for area in areas]
    for allowed, has, limit in zip(reaches(part), reaches(owner), reaches(wide), strict=True):
        assert not allowed or (has and limit)
    everything = limited(owner, [TokenGrant("*", frozenset({"*"}))])
    assert reaches(everything) == reaches(owner)


def test_许多岗位的同一角色_合成一条() -> None:
    role = scoped_grants([grant("case", "read", "report", area="post"), grant("case", "read")])
    held = [HeldRole(role, area=f"12011100{number}", organisation_id=number) for number in range(1, 10)]
    grants = effective_grants(held, lambda organisation: frozenset({organisation}))
    args = Sql()
    actor = Actor(kind="person", grants=grants)
    assert scope_condition(actor, "case", "read", args, area="c.area") == "true"
    assert [grant_.verbs for grant_ in grants if grant_.area] == [frozenset({"report"})] * 9


def test_同一区域的机构合在一起() -> None:
    merged = merge([Grant("case", frozenset({"read"}), "", frozenset({number})) for number in range(50)])
    assert merged == (Grant("case", frozenset({"read"}), "", frozenset(range(50))),)


def test_范围词由岗位填入() -> None:
    subtree = {1: frozenset({1, 2}), 2: frozenset({2})}.__getitem__
    role = scoped_grants(
        [
            grant("case", "read", area="post", organisation="subtree"),
            grant("case", "close", organisation="own"),
            grant("task", "read"),
        ]
    )
    by_post = effective_grants([HeldRole(role, "120111001", 1)], subtree)
    assert by_post == (
        Grant("case", frozenset({"close"}), "", frozenset({1})),
        Grant("case", frozenset({"read"}), "120111001", frozenset({1, 2})),
        Grant("task", frozenset({"read"})),
    )
    narrowed = HeldRole(role, "120111002", 2, within_area="120111002", within_organisation=2)
    assert effective_grants([narrowed], subtree) == (
        Grant("case", frozenset({"close", "read"}), "120111002", frozenset({2})),
        Grant("task", frozenset({"read"}), "120111002", frozenset({2})),
    )
    nowhere = effective_grants([HeldRole(role, "", None)], subtree)
    assert nowhere == (Grant("task", frozenset({"read"})),), "own and subtree of nobody's organisation reach nothing"


def test_存取不失真() -> None:
    role = scoped_grants([grant("case", "b", "a", area="post", organisation="own")])
    assert grants_from_json(grants_json(role)) == role
    limits = (TokenGrant("case", frozenset({"read"}), "12"),)
    assert limits_from_json(limits_json(limits)) == limits
