"""代理: while somebody is away their tasks go to the deputy, exactly then and exactly those; a task never goes to one who is
away or out of service."""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flow.town import (
    ADMINISTRATOR,
    DISTRICT,
    DRAINS,
    HOME,
    KINDS,
    NOW,
    People,
    absence,
    at_post,
    person,
    step,
    who,
    with_person,
)
from yiwang.flow.assignment import Queue
from yiwang.flow.model import Multi, Value, Who
from yiwang.identity.absences import Absences, most_passes
from yiwang.identity.model import AbsenceRow

hour = timedelta(hours=1)
CHOSEN = who(person=str(person("排水工甲")), post="expert")
HANDLERS = who(post="handler", organisation="drains")
PUMP = who(post="handler", organisation="pumps")


def ask(
    rule: Who, *absences: AbsenceRow, later: timedelta = timedelta(0), kinds: tuple[str, ...] = (), gone: str = "离职者"
) -> Queue | None:
    town = People(absences, gone=gone.split())
    return town.assignment().queue(step(rule), {}, HOME, NOW + later, kinds=kinds)


def test_请假期间任务交代理人_记明代谁() -> None:
    away = absence("排水工甲", "无岗者", begin=hour, end=2 * hour)
    own, deputed = with_person("排水工甲", DRAINS), with_person("无岗者", DRAINS, "排水工甲")
    before, end = timedelta(minutes=59, seconds=59), 2 * hour
    assert [ask(CHOSEN, away, later=later) for later in (before, hour, end - timedelta(seconds=1), end)] == [
        own,
        deputed,
        deputed,
        own,
    ]


def test_任务仍是请假人机构的事() -> None:
    assert ask(CHOSEN, absence("排水工甲", "专家甲")) == with_person("专家甲", DRAINS, "排水工甲")


def test_只代理指定业务() -> None:
    away = absence("排水工甲", "无岗者", "drain-case")
    deputed, own = with_person("无岗者", DRAINS, "排水工甲"), with_person("排水工甲", DRAINS)
    assert ask(CHOSEN, away, kinds=("drain-case", "case")) == deputed
    assert ask(CHOSEN, away, kinds=("lamp-case",)) == own
    assert ask(CHOSEN, away) == own


def test_指定业务的代理人优先于全部业务的代理人() -> None:
    away = absence("排水工甲", "无岗者"), absence("排水工甲", "专家甲", "drain-case")
    assert ask(CHOSEN, *away, kinds=("drain-case",)) == with_person("专家甲", DRAINS, "排水工甲")
    assert ask(CHOSEN, *away, kinds=("lamp-case",)) == with_person("无岗者", DRAINS, "排水工甲")


def test_代理人也请假_再交他的代理人() -> None:
    chain = absence("排水工甲", "排水工乙"), absence("排水工乙", "泵站工")
    assert ask(CHOSEN, *chain) == with_person("泵站工", DRAINS, "排水工甲")


def test_互相代理_到第一个在岗的人为止_都不在就是没有人() -> None:
    circle = absence("排水工甲", "排水工乙"), absence("排水工乙", "排水工甲", begin=hour)
    assert ask(CHOSEN, *circle) == with_person("排水工乙", DRAINS, "排水工甲")
    assert ask(CHOSEN, *circle, later=hour) == at_post(11), "the rule's next part"
    assert ask(who(person=str(person("排水工甲"))), *circle, later=hour) == ADMINISTRATOR


def test_最多转五次() -> None:
    names = ["排水工甲", "排水工乙", "泵站工", "无岗者", "专家甲", "专家乙", "专家丙"]
    links = [absence(one, other) for one, other in itertools.pairwise(names)]
    assert len(links) == most_passes + 1
    assert ask(CHOSEN, *links[:5]) == with_person("专家乙", DRAINS, "排水工甲")
    assert ask(CHOSEN, *links) == at_post(11)


def test_代理人停用_等于没有代理人() -> None:
    assert ask(CHOSEN, absence("排水工甲", "离职者")) == at_post(11)
    assert ask(CHOSEN, absence("排水工甲", "离职者"), absence("离职者", "泵站工")) == at_post(11)


def test_停用的人没有代理人() -> None:
    assert ask(CHOSEN, absence("排水工甲", "无岗者"), gone="排水工甲") == at_post(11)


def test_岗位有人在_任务仍在岗位() -> None:
    assert ask(HANDLERS, absence("排水工甲", "无岗者")) == at_post(5)


def test_岗位只有一人且请假_任务仍在岗位_代理人能看到() -> None:
    away = absence("泵站工", "无岗者")
    assert ask(PUMP, away) == at_post(6)
    directory = People([away]).directory()
    assert directory.attending(6) == (person("无岗者"),)
    assert [(one.person.name, one.post_ids) for one in directory.standing_in(person("无岗者"))] == [("泵站工", (6,))]


def test_岗位只有一人且只请了这类业务的假_直接交代理人() -> None:
    """The deputy must not see the rest of the post's tasks, so that this one goes to the deputy alone."""
    away = absence("泵站工", "专家甲", "drain-case")
    assert ask(PUMP, away, kinds=("drain-case",)) == Queue(None, 4, person("专家甲"), person("泵站工"))
    assert ask(PUMP, away, kinds=("lamp-case",)) == at_post(6)
    assert People([away]).directory().standing_in(person("专家甲")) == ()


def test_岗位的人都请假且无人代理_等于空岗() -> None:
    circle = absence("排水工甲", "排水工乙"), absence("排水工乙", "排水工甲")
    assert ask(HANDLERS, *circle) == ADMINISTRATOR


def test_看得到岗位的代理人自己不办这类业务_交真正办的人() -> None:
    """A deputy for everything who is away from this business passes it on, though it is the post's deputy."""
    rows = absence("泵站工", "无岗者"), absence("无岗者", "专家甲", "drain-case")
    assert ask(PUMP, *rows, kinds=("drain-case",)) == Queue(None, 4, person("专家甲"), person("泵站工"))
    assert ask(PUMP, *rows, kinds=("lamp-case",)) == at_post(6)


def test_三员岗位没有代理人_三员也不代理别人() -> None:
    assert ask(who(person=str(person("管理员")), post="expert"), absence("管理员", "无岗者")) == at_post(11)
    directory = People([absence("管理员", "无岗者"), absence("排水工甲", "管理员")]).directory()
    assert directory.standing_in(person("无岗者")) == ()
    assert directory.standing_in(person("管理员")) == ()
    assert directory.attending(1) == ()


def test_会签时代理人为每一位请假人各办一份() -> None:
    experts = step(who(post="expert"), Multi(False, people=Value("holders")))
    found = (
        People([absence("专家丙", "专家甲"), absence("专家乙", "专家甲")]).assignment().people(experts, {}, HOME, NOW)
    )
    assert found == [
        with_person("专家甲", DISTRICT, "专家丙"),
        with_person("专家甲", DISTRICT),
        with_person("专家甲", DISTRICT, "专家乙"),
    ]


def test_会签的人请假且无人代理_略去() -> None:
    experts = step(who(post="expert"), Multi(True, people=Value("holders")))
    found = People([absence("专家丙", "离职者")]).assignment().people(experts, {}, HOME, NOW)
    assert found == [with_person("专家甲", DISTRICT), with_person("专家乙", DISTRICT)]


def test_销假后没办完的任务回到本人() -> None:
    assignment = People(
        [absence("排水工甲", "无岗者", end=hour), absence("排水工甲", "泵站工", begin=2 * hour)]
    ).assignment()
    deputy, absent = person("无岗者"), person("排水工甲")
    assert assignment.returned(absent, deputy, at=NOW) is None
    assert assignment.returned(absent, deputy, at=NOW + hour) == with_person("排水工甲", DRAINS)
    assert assignment.returned(absent, deputy, at=NOW + 2 * hour) == with_person("泵站工", DRAINS, "排水工甲")


def test_到点自动生效和失效_快照随之更换() -> None:
    town = People([absence("泵站工", "无岗者", begin=hour, end=2 * hour)])
    directory = town.directory()
    first, heard = directory.snapshot, []
    directory.on_version(lambda: heard.append(town.clock.at))
    for moment, standing in ((NOW, 0), (NOW + hour, 1), (NOW + 2 * hour, 0)):
        town.clock.at = moment
        assert len(directory.standing_in(person("无岗者"))) == standing
    assert heard == [NOW + hour, NOW + 2 * hour]
    assert directory.snapshot is not first
    assert directory.snapshot.stale_at is None


NAMES = ["排水工甲", "排水工乙", "泵站工", "排水科长", "专家甲", "专家乙", "专家丙", "无岗者", "管理员", "离职者"]

absences = st.lists(
    st.builds(
        lambda pair, kinds, begin, length: absence(*pair, *kinds, begin=begin * hour, end=(begin + length) * hour),
        st.permutations(NAMES).map(lambda names: names[:2]),
        st.sets(st.sampled_from(KINDS), max_size=1),
        st.integers(-3, 3),
        st.integers(1, 4),
    ),
    max_size=14,
)
moments = st.integers(-4, 8).map(lambda hours: NOW + hours * hour)
businesses = st.sampled_from([(), ("drain-case",), ("lamp-case", "case")])
RULES = [
    CHOSEN,
    HANDLERS,
    PUMP,
    who(post="expert"),
    who(post="reviewer"),
    who(role="reviewing"),
    who(manager=str(person("泵站工"))),
    who(step="accept", post="handler"),
    who(expression="6"),
]


@settings(max_examples=300)
@given(absences, moments, businesses, st.sets(st.sampled_from(NAMES)), st.sampled_from(RULES))
def test_任务从不交给请假或停用的人(rows, moment, kinds, gone, rule) -> None:
    town = People(rows, gone=gone)
    directory, known = town.directory(), Absences(rows)
    variables = {"by": {"accept": str(person("排水工乙"))}}
    assignment = town.assignment()
    experts = step(rule, Multi(False, people=Value("holders")))
    queues = [assignment.queue(step(rule), variables, HOME, moment, kinds=kinds)]
    queues += assignment.people(experts, variables, HOME, moment, kinds=kinds)
    for queue in queues:
        assert queue is not None
        assert (queue.post_id is None) != (queue.assignee_id is None)
        if queue.assignee_id is not None:
            found = directory.person(queue.assignee_id)
            assert found is not None
            assert found.active
            assert known.away(queue.assignee_id, kinds, moment) is None
            if queue.for_id is not None:
                assert known.away(queue.for_id, kinds, moment) is not None
                assert queue.for_id != queue.assignee_id
        else:
            seen_by = directory.attending(queue.post_id, kinds, moment)
            vacant = queue in (ADMINISTRATOR, at_post(10), at_post(5), at_post(6), at_post(11), at_post(4))
            assert seen_by or (vacant and not directory.attending(1, kinds, moment))
            assert all(known.away(one, kinds, moment) is None for one in seen_by)


@settings(max_examples=300)
@given(absences, moments, st.sets(st.sampled_from(NAMES)))
def test_代理人恰好看到该看的岗位(rows, moment, gone) -> None:
    directory = People(rows, gone=gone).directory()
    directory._clock.at = moment
    for name in NAMES:
        mine = {one.person.id: set(one.post_ids) for one in directory.standing_in(person(name))}
        expected = {
            person(other): set(directory.posts_held(person(other)))
            for other in NAMES
            if other != name and directory.acting(person(other)) == person(name)
        }
        assert mine == expected
        if mine:
            assert name not in gone
            assert Absences(rows).away(person(name), (), moment) is None
