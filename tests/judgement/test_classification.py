"""分类: what is learned, how honest it is, and what it refuses."""

from __future__ import annotations

import csv
import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.judgement.classification.alikes import group_alikes, spread
from yiwang.judgement.classification.cards import with_card
from yiwang.judgement.classification.errors import ExamplesUnreadable, ModelUnreadable, TooFewExamples
from yiwang.judgement.classification.figures import calibration_error, figures
from yiwang.judgement.classification.files import pack, read_model, unpack, write_model
from yiwang.judgement.classification.learned import LearnedModel
from yiwang.judgement.classification.model import Circumstances, Example
from yiwang.judgement.classification.reading import read_examples
from yiwang.judgement.classification.training import Trained, prepare, train
from yiwang.judgement.classification.wording import wording
from yiwang.kernel.clock import real_now

_PLACES = (
    "学府路",
    "和平大街",
    "西青道",
    "友谊南路",
    "赛达公园",
    "大学城北门",
    "杨柳青镇",
    "中北工业园",
    "张家窝",
    "李七庄",
)
_MATTERS = {
    "路灯": ("路灯不亮晚上一片漆黑", "路灯杆歪了快倒下来", "路灯白天也亮着浪费电", "照明灯具坏了好几盏"),
    "垃圾": ("垃圾桶满了没有人清运", "生活垃圾堆在路边发臭", "建筑垃圾偷倒在绿地里", "保洁员不来扫地满是纸屑"),
    "停车": ("机动车停在人行道上挡路", "小区门口违章停车消防车进不去", "停车场乱收费不给发票", "共享单车占满了盲道"),
}


def _examples() -> list[Example]:
    return [
        Example(f"{place}{text},请尽快处理", label, Circumstances("resident", "120111", 9, 6))
        for label, texts in _MATTERS.items()
        for text in texts
        for place in _PLACES
    ]


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(prepare(_examples()))


@pytest.fixture(scope="module")
def model(trained: Trained) -> LearnedModel:
    return trained.model


def test_说出分类_概率_和起作用的词(model: LearnedModel) -> None:
    judged = model.judge("我们楼下的路灯坏了,晚上漆黑一片")
    assert judged.sure
    assert judged.ranked[0].label == "路灯"
    assert judged.ranked[0].probability > 0.6
    assert any("路灯" in word or "漆黑" in word for word in judged.ranked[0].words)
    assert sum(item.probability for item in judged.ranked) == pytest.approx(1.0)


def test_没有学过的内容_不代人决定(model: LearnedModel) -> None:
    assert not model.judge("", threshold=0.0).sure
    assert not model.judge("qwerty zxcv").sure


@pytest.mark.parametrize(
    "text", ["", " ", "水" * 100_000, "路灯 " * 30_000, "🚮🚮🚮", "\ud800坏", "Lamp 坏了 лампа ランプ", "\x00\x01"]
)
def test_怪文本也有回答_而且很快(model: LearnedModel, text: str) -> None:
    begun = time.process_time()
    judged = model.judge(text)
    assert time.process_time() - begun < 0.5
    assert len(judged.ranked) == 3
    assert all(0 <= item.probability <= 1 for item in judged.ranked)


@given(st.text(max_size=300))
def test_任何文本都能规整(text: str) -> None:
    said = wording(text)
    assert 0 <= said.head <= len(said.words)
    assert all(word for word in said.words)


def test_繁体_全角_分词_与原文判断相同(model: LearnedModel) -> None:
    simple = model.judge("停车场乱收费不给发票").ranked[0]
    assert model.judge("停車場亂收費不給發票").ranked[0].label == simple.label == "停车"
    assert wording("停車場亂收費") == wording("停车场乱收费")
    assert wording("停车场 乱收费 不给 发票").words == wording("停车场乱收费不给发票").words
    assert wording("A1小区") == wording("Ａ１小区")


def test_上报人的姓名_电话_证件_车牌_籍贯都不进模型() -> None:
    assert {field.name for field in dataclasses.fields(Example)} == {"text", "label", "circumstances", "key"}
    assert {field.name for field in dataclasses.fields(Circumstances)} == {"channel", "area", "hour", "month"}
    plain = wording("路灯坏了 ")
    for told in (
        "我叫王小明",
        "姓名:欧阳小红",
        "电话13812345678",
        "120111199003071234",
        "津A12345",
        "籍贯:河北",
        "民族:汉族",
    ):
        words = "".join(wording(f"路灯坏了 {told}").words)
        assert words.removesuffix("电话") == "".join(plain.words), told


def test_同样的话不同的人_判断完全一样(model: LearnedModel) -> None:
    one = model.probabilities(["我叫张三,电话13800000001,路灯坏了"])
    other = model.probabilities(["我叫李四,电话13900000002,路灯坏了"])
    assert np.array_equal(one, other)


def test_相同和近似的文本放在同一折() -> None:
    texts = [
        "学府路路灯不亮晚上一片漆黑请尽快派人来修理谢谢",
        "学府路路灯不亮晚上一片漆黑请尽快派人来修理",
        "小区门口违章停车消防车进不去",
    ]
    groups = group_alikes([wording(text) for text in texts])
    assert groups[0] == groups[1] != groups[2]
    parts = spread(groups, np.array([0, 0, 1]), 5)
    assert parts[0] == parts[1]


def test_只有一个分类_或没有样本_拒绝训练() -> None:
    with pytest.raises(TooFewExamples):
        prepare([Example("路灯坏了", "路灯"), Example("路灯不亮", "路灯")])
    with pytest.raises(TooFewExamples):
        prepare([])
    with pytest.raises(TooFewExamples):
        prepare([Example("", "路灯"), Example("  ", "停车")])


def test_重复文本只学一次_标签以多数为准() -> None:
    prepared = prepare([*_examples(), *[Example("重复的话说了三遍", "路灯")] * 2, Example("重复的话说了三遍", "停车")])
    again = [item for item in prepared.examples if item.text == "重复的话说了三遍"]
    assert [item.label for item in again] == ["路灯"]
    assert prepared.repeated == 2


def test_模型文件往返不变_损坏即拒(trained: Trained, tmp_path: Path) -> None:
    model, card = with_card(trained, "测试", real_now(), 1.0)
    path = tmp_path / "m.model"
    packed = write_model(path, model)
    again = read_model(path)
    text = ["路灯不亮"]
    assert np.array_equal(again.probabilities(text), model.probabilities(text))
    assert again.card["source"] == "测试"
    assert again.card["macro_f1"] == round(card.figures.macro_f1, 4)
    assert len(packed.content) < 50_000_000
    broken = bytearray(packed.content)
    broken[-100] ^= 1
    for content in (bytes(broken), packed.content[:-1], b"", b"PK\x03\x04", b"yiwang-model 1 00\nabc"):
        with pytest.raises(ModelUnreadable):
            unpack(content)
    with pytest.raises(ModelUnreadable):
        read_model(tmp_path / "none.model")
    assert pack(again).content[:15] == b"yiwang-model 1 "


def test_评测时模型没有的分类_算错并列出() -> None:
    labels = ("甲", "乙")
    found = figures(["甲", "乙", "丙"], labels, np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]), 0.5)
    assert found.unknown_labels == ("丙",)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx((2 / 3 + 1.0 + 0.0) / 3)


def test_校准误差_说七成就该对七成() -> None:
    right = np.array([True] * 7 + [False] * 3)
    assert calibration_error(np.full(10, 0.7), right) == pytest.approx(0.0)
    assert calibration_error(np.full(10, 0.95), right) == pytest.approx(0.25)


def test_表格的列_猜得出也可以指定(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "留言编号,留言主题,留言时间,留言详情,一级分类\n7,路灯,2020/1/4 11:17:46,不亮,市政\n8,,,,市政\n", "utf-8-sig"
    )
    table = read_examples(path)
    assert table.examples == (Example("路灯\n不亮", "市政", Circumstances(month=1, hour=11), "7"),)
    assert table.incomplete == (3,)
    path.write_bytes("话,类\n路灯不亮,市政\n".encode("gb18030"))
    with pytest.raises(ExamplesUnreadable):
        read_examples(path)
    assert read_examples(path, text="话", label="类").examples[0].text == "路灯不亮"
    for content in ("", "text,label\n", "a,b\n1,2\n"):
        path.write_text(content, "utf-8")
        with pytest.raises(ExamplesUnreadable):
            read_examples(path)
    with pytest.raises(ExamplesUnreadable):
        read_examples(tmp_path / "none.csv")


def test_真实信件_五折宏平均不低于约定(shared_dir: Path) -> None:
    with (shared_dir / "data/complaints/letters_segmented_train.csv").open(encoding="utf-8-sig", newline="") as file:
        examples = [Example(row["text"], row["label"]) for row in csv.DictReader(file)]
    begun = time.process_time()
    found = train(prepare(examples))
    assert time.process_time() - begun < 60
    assert found.held_out.macro_f1 >= 0.925
    assert found.held_out.calibration_error < 0.03
    assert len(pack(found.model).content) < 50_000_000
