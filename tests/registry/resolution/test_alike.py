"""怎样算相像:读音、颠倒、漏写;不相像的不算 — what counts as alike, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.registry.declarations import Likeness
from yiwang.registry.resolution.addresses import WEIGHTS, AddressParts, parts_of
from yiwang.registry.resolution.pinyin import sound
from yiwang.registry.resolution.similarity import SOFT

WHOLE = AddressParts("秀川路", "12", "金地小区", "3", "2", "501")


@pytest.mark.parametrize(
    ("how", "one", "other", "least", "most"),
    [
        ("name", "王小明", "王晓明", 0.8, 0.95),
        ("name", "王小明", "王小强", 0, 0.15),  # brothers
        ("name", "张伟", "章炜", 0.5, 0.7),
        ("name", "张伟", "李伟", 0, 0.1),
        ("name", "Anna Maria Li", "Li Anna Maria", 0.9, 1),
        ("name", "王 小 明", "王小明", 1, 1),
        ("pinyin", "张伟", "章炜", 1, 1),
        ("pinyin", "张伟", "张强", 0, 0),
        ("date", "1980-03-05", "1980-05-03", 0.7, 0.9),
        ("date", "1980-03-05", "1980-03-15", 0.5, 0.7),
        ("date", "1980-03-05", "1981-04-05", 0, 0),
        ("date", "1980", "1980-03-05", 0.6, 0.8),
        ("phone", "13812345678", "+86 138-1234-5678", 0.9, 1),
        ("phone", "13812345678", "13812345687", 0.5, 0.7),
        ("phone", "13812345678", "13712345679", 0, 0),
        ("address", "天津市西青区秀川路12号金地小区3号楼2单元501室", "金地小区3-2-501", 1, 1),
        ("address", "金地小区3-2-501", "金地小区3-2-502", 0.4, 0.7),
        ("text", "天津市西青区兴达物业有限公司", "兴达物业有限公司", 0.6, 0.9),
        ("number", "100", "99", 0.85, 0.95),
        ("number", "100", "80", 0, 0),
        ("number", "百", "80", 0, 0),
    ],
)
def test_相像的程度(how: Likeness, one: str, other: str, least: float, most: float) -> None:
    for pair in ((one, other), (other, one)):
        assert least - 1e-9 <= SOFT[how](*pair) <= most + 1e-9


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("天津市西青区李七庄街道秀川路12号金地小区3号楼2单元501室", WHOLE),
        ("秀川路12号金地小区3-2-501", WHOLE),
        ("秀川路十二号金地小区三号楼二单元五〇一室", WHOLE),
        ("秀川路12号 金地小区 3栋2门501", WHOLE),
        ("精武镇永红路12-3号", AddressParts(road="永红路", number="12-3")),
        ("一百零二号楼", AddressParts(building="102")),
        ("大寺镇王庄村3号", AddressParts(compound="王庄村", number="3")),
    ],
)
def test_地址要素(address: str, parts: AddressParts) -> None:
    assert parts_of(address) == parts


def test_门牌_写全写简同一扇门() -> None:
    assert parts_of("天津市西青区秀川路12号金地小区3号楼2单元501室").door == parts_of("金地小区3-2-501").door != ""
    assert parts_of("交口东侧").door == ""
    assert WEIGHTS.keys() == set(AddressParts.__dataclass_fields__)


@given(st.sampled_from(sorted(SOFT)), st.text(max_size=30), st.text(max_size=30))
def test_任何文字都有零到一之间的答案(how: Likeness, one: str, other: str) -> None:
    assert 0 <= SOFT[how](one, other) <= 1
    parts_of(one)
    sound(one)
