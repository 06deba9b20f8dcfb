"""Hot issues of a file of letters: one real matter each, however it is worded; two matters of one estate stay two."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.judgement.hot_issues.errors import LetterColumnsUnknown, LettersUnreadable
from yiwang.judgement.hot_issues.finding import find_issues, phrases
from yiwang.judgement.hot_issues.letters import read_letters, read_time, zone
from yiwang.judgement.hot_issues.model import Heat, Letter

START = datetime(2019, 11, 2, 9, tzinfo=zone)
MIXER = (
    "A2区丽景新城小区附近建搅拌站噪音扰民",
    "丽景新城小区旁边的搅拌站粉尘大，无法呼吸",
    "投诉丽景新城附近违建搅拌站，彻夜施工",
    "丽景新城小区附近的搅拌站严重影响睡眠",
)
NURSERY = ("丽景新城小区配套幼儿园收费太高", "丽景新城幼儿园何时转为普惠园", "丽景新城小区幼儿园收费不合理")
OTHER = (
    "咨询公积金贷款额度如何计算",
    "地铁三号线何时开通",
    "请问新生入户需要什么材料",
    "东风路的路灯不亮",
    "公交车不按时到站",
    "反映某餐馆卫生差",
)


def _letters(*titles: str, start: int = 0) -> list[Letter]:
    return [
        Letter(str(start + at), START + timedelta(days=at), title, f"{title}。", f"u{start + at}")
        for at, title in enumerate(titles)
    ]


def test_同一小区的两件事是两个热点() -> None:
    letters = _letters(*MIXER) + _letters(*NURSERY, start=100) + _letters(*OTHER, start=200)
    issues = find_issues(letters)
    groups = [{letter.title for letter in issue.letters} for issue in issues]
    assert set(MIXER) in groups
    assert not any(set(MIXER) & group and set(NURSERY) & group for group in groups)
    hottest = issues[0]
    assert "丽景新城" in hottest.places
    assert (hottest.began, hottest.ended) == (START.date(), START.date() + timedelta(days=3))
    assert hottest.heat == Heat(letters=4, people=4, support=0, against=0)


def test_同一人反复来信只算一人() -> None:
    letters = [Letter(str(at), START, MIXER[at % 4], MIXER[at % 4], "same") for at in range(8)]
    assert find_issues(letters + _letters(*OTHER, start=100)) == []


def test_不同小区的同类问题不混在一起() -> None:
    one = _letters(*(f"投诉青山花园小区{thing}餐馆油烟扰民" for thing in ("楼下", "临街", "一楼")))
    two = _letters(*(f"反映碧水湾小区{thing}餐馆油烟扰民" for thing in ("北门", "底层", "二栋")), start=50)
    for issue in find_issues(one + two + _letters(*OTHER, start=100)):
        assert len({"青山花园" in letter.title for letter in issue.letters}) == 1


def test_一封来信有一百人支持也是热点() -> None:
    backed = Letter("b", START, "金湾花园配套入学的问题", "金湾花园的业主盼望配套入学。", "u", support=400)
    [issue] = find_issues([backed, *_letters(*OTHER)])
    assert issue.title == backed.title
    assert issue.heat.value == 1 + 20


def test_关键词长成完整的短语() -> None:
    assert phrases(["五矿", "矿万"], _letters("A市五矿万境质量问题", "五矿万境又开裂")) == ["五矿万境"]


@pytest.mark.parametrize("text", ["", "啊" * 100_000, "垃圾" * 50_000, "abc 中文 ひらがな 繁體字 😀", "\n\t "])
def test_怪异的来信不出错(text: str) -> None:
    letters = [Letter(str(at), START, text[:50], text, f"u{at}") for at in range(3)]
    find_issues(letters + _letters(*OTHER, start=10))


@given(st.lists(st.text(max_size=60), max_size=12))
def test_任何文字都能处理_来信至多属于一个热点(titles: list[str]) -> None:
    issues = find_issues(_letters(*titles))
    seen = [letter.id for issue in issues for letter in issue.letters]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019/1/4 11:17:46", datetime(2019, 1, 4, 11, 17, 46, tzinfo=zone)),
        ("2019-01-04 9:05", datetime(2019, 1, 4, 9, 5, tzinfo=zone)),
        ("2019年1月4日 8时5分", datetime(2019, 1, 4, 8, 5, tzinfo=zone)),
        ("2019.1.4", datetime(2019, 1, 4, tzinfo=zone)),
        ("2019-13-04", None),
        ("昨天", None),
        ("", None),
    ],
)
def test_时间的各种写法(text: str, expected: datetime | None) -> None:
    assert read_time(text) == expected


def test_坏行不影响好行_并指出行号(tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    path.write_text(
        "留言主题,留言时间,留言详情\n甲,2019/1/1,内容\n乙,没有时间,内容\n,,\n丙,2019-1-3,内容\n", encoding="gb18030"
    )
    file = read_letters(path)
    assert [letter.title for letter in file.letters] == ["甲", "丙"]
    assert [row.line for row in file.refused] == [3]


def test_认不出的文件说明缺什么(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(LetterColumnsUnknown) as refused:
        read_letters(path)
    assert "留言主题" in refused.value.message("zh")
    path.write_bytes(b"")
    with pytest.raises(LettersUnreadable):
        read_letters(path)


def test_真实来信的前十个热点各是一件事(shared_dir: Path) -> None:
    """The ten as people judged them when they read every letter: a word that must stand in each letter of the issue."""
    path = shared_dir / "data" / "complaints" / "letters_unlabelled_2017_2020.csv"
    file = read_letters(path)
    assert len(file.letters) == 4326
    assert not file.refused
    top = find_issues(file.letters)[:10]
    names = ("58", "丽发新城", "五矿万境", "金毛湾", "伊景园", "人才", "绿地海外滩", "月亮岛", "富绿物业", "凉塘路")
    for issue in top:
        told = [sum(name in letter.title + letter.text for letter in issue.letters) for name in names]
        assert max(told) >= 0.9 * len(issue.letters), issue.title
        assert issue.heat.people >= 2 or issue.heat.support >= 100


def test_来信人不影响哪些信是一件事() -> None:
    letters = _letters(*MIXER, *OTHER)
    other = [Letter(one.id, one.at, one.title, one.text, writer=f"{one.writer}-张三-13800000000") for one in letters]
    assert [[letter.id for letter in issue.letters] for issue in find_issues(letters)] == [
        [letter.id for letter in issue.letters] for issue in find_issues(other)
    ]


def test_文件里的公式不被执行(tmp_path: Path) -> None:
    from yiwang.cli.hot_issues import _write

    out = tmp_path / "out.csv"
    issues = find_issues([Letter("1", START, "=1+1 丽景新城", "x", "u", support=500)])
    _write(out, issues)
    rows = list(csv.reader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[1][4].startswith("'=")
    _write(tmp_path / "out.xlsx", issues)
    assert (tmp_path / "out.xlsx").read_bytes()[:2] == b"PK"
