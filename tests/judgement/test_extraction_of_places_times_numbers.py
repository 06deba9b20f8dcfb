"""Places by their form, times against the report's clock, numbers masked: each find stands where it says."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.judgement.extraction.matching import Find, Words
from yiwang.judgement.extraction.names import find_names
from yiwang.judgement.extraction.numbers import find_numbers, mask_plate
from yiwang.judgement.extraction.times import find_times, zone

NOW = datetime(2019, 8, 14, 9, 30, tzinfo=zone)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A7县特立路与东四路口晚高峰太堵", ["特立路", "东四路"]),
        ("投诉西青区精武镇学府花园小区油烟扰民", ["精武镇", "学府花园小区"]),
        ("A市地铁3号线星沙大道站出入口不合理", ["地铁3号线", "星沙大道"]),
        ("请政府解决老旧小区改造问题", []),
        ("这条路坑洼不平", []),
    ],
)
def test_按形式找地名(text: str, names: list[str]) -> None:
    assert [found.name for found in find_names(text)] == names


@given(st.text(max_size=300))
def test_地名的位置就是它在文中的位置(text: str) -> None:
    after = 0
    for found in find_names(text):
        assert text[found.start : found.end] == found.name
        assert found.start >= after
        after = found.end


@pytest.mark.parametrize(
    ("text", "begin", "finish"),
    [
        ("2019年7月21日晚上10点半施工", "2019-07-21 22:30", "2019-07-21 22:31"),
        ("昨晚八点噪音", "2019-08-13 20:00", "2019-08-13 21:00"),
        ("上周三下午", "2019-08-07 12:00", "2019-08-07 18:00"),
        ("三天前停电", "2019-08-11 00:00", "2019-08-12 00:00"),
        ("7月21号", "2019-07-21 00:00", "2019-07-22 00:00"),
        ("12月30日", "2018-12-30 00:00", "2018-12-31 00:00"),
        ("昨天晚上12点", "2019-08-14 00:00", "2019-08-14 01:00"),
        ("凌晨2点还在施工", "2019-08-14 02:00", "2019-08-14 03:00"),
        ("从去年3月份开始", "2018-03-01 00:00", "2018-04-01 00:00"),
        ("晚上11点", "2019-08-13 23:00", "2019-08-14 00:00"),
        ("半小时前", "2019-08-14 09:00", "2019-08-14 10:00"),
        ("本月", "2019-08-01 00:00", "2019-09-01 00:00"),
        ("２０１９年７月２１日 ８：３０", "2019-07-21 08:30", "2019-07-21 08:31"),
    ],
)
def test_时间按上报时刻推算(text: str, begin: str, finish: str) -> None:
    [found] = list(find_times(text, NOW))
    assert f"{found.begin:%Y-%m-%d %H:%M}" == begin
    assert f"{found.finish:%Y-%m-%d %H:%M}" == finish


@pytest.mark.parametrize("text", ["3-4号楼", "2019年13月40日", "1-2天", "15栋2单元", "一十二十", "第三次"])
def test_不是时间的不算(text: str) -> None:
    assert list(find_times(text, NOW)) == []


@given(st.text(alphabet="0123456789年月日号点时分半前周星期一二三十上下午昨今晚:-/ 个天", max_size=40))
def test_任何像时间的文字都不出错(text: str) -> None:
    for found in find_times(text, NOW):
        assert found.begin < found.finish
        assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("请打13812341234谢谢", "phone", "138****1234"),
        ("座机022-23456789", "phone", "022****6789"),
        ("１３８１２３４１２３４", "phone", "138****1234"),
        ("车牌津A·12345乱停", "plate", "津A***45"),
        ("湘AD12345占道", "plate", "湘A****45"),
        ("身份证11010519491231002X", "identity", "110105**********2X"),
    ],
)
def test_号码遮蔽后给出(text: str, kind: str, shown: str) -> None:
    [found] = list(find_numbers(text))
    assert (found.kind, found.shown) == (kind, shown)


@pytest.mark.parametrize("text", ["订单1381234123456", "身份证110105194912310021", "A市3区", "12345热线"])
def test_不是号码的不算(text: str) -> None:
    assert list(find_numbers(text)) == []


def test_车牌只留省份机关和末两位() -> None:
    assert mask_plate("津a·d12345") == "津A****45"


_SHORT = st.text(alphabet="甲乙丙丁", min_size=1, max_size=4)


@given(st.lists(_SHORT, max_size=8), st.text(alphabet="甲乙丙丁", max_size=30))
def test_一遍找出所有词_与逐词查找相同(words: list[str], text: str) -> None:
    expected = {
        Find(at, at + len(word), words.index(word))
        for word in words
        for at in range(len(text))
        if text.startswith(word, at)
    }
    assert set(Words(words).every(text)) == expected


def test_重叠时取最长的() -> None:
    finds = Words(["精武", "精武镇", "镇学府路"]).longest("在精武镇学府路")
    assert [(find.start, find.end) for find in finds] == [(3, 7), (1, 3)][::-1]
