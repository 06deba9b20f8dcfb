"""The reader of addresses: labelled files of any spelling, gradients that are right, a model file that cannot do harm."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.judgement.extraction import address_model
from yiwang.judgement.extraction.errors import AddressModelUnreadable, LabelledTextUnreadable, NothingToLearn
from yiwang.judgement.extraction.features import features, tokens
from yiwang.judgement.extraction.labelled import Score, marks_of, read_labelled, spans_of
from yiwang.judgement.extraction.sequence_model import Options, gradients

ROADS = ("学府路", "友谊南路", "卫津路", "黄河道", "长江道", "柳口路", "大学道")
TOWNS = ("精武镇", "大寺镇", "辛口镇", "中北镇")


def _made() -> list[address_model.LabelledText]:
    made = []
    for at in range(60):
        town, road, number = TOWNS[at % 4], ROADS[at % 7], str(10 + at)
        parts = (*town, *road, number, "号")
        ends = len(town), len(town) + len(road)
        spans = ((0, ends[0], "town"), (ends[0], ends[1], "road"), (ends[1], ends[1] + 2, "roadno"))
        made.append(address_model.LabelledText(parts, spans))
    return made


@pytest.fixture(scope="module")
def model() -> address_model.AddressModel:
    return address_model.train(_made(), Options(rounds=6, averaged=2, batch=8))


def test_学会读地址(model: address_model.AddressModel) -> None:
    text = "大寺镇友谊南路 123号"
    assert [(text[start:end], label) for start, end, label in model.read(text)] == [
        ("大寺镇", "town"),
        ("友谊南路", "road"),
        ("123号", "roadno"),
    ]
    assert model.read("") == []
    assert address_model.evaluate(model, _made()).figures()[2] > 0.99


def test_训练两次结果相同(model: address_model.AddressModel) -> None:
    again = address_model.train(_made(), Options(rounds=6, averaged=2, batch=8))
    assert np.array_equal(model.sequence.weights, again.sequence.weights)


def test_模型文件存取不变_改动即被拒绝(model: address_model.AddressModel, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    size = address_model.save(model, path)
    assert size == path.stat().st_size
    loaded = address_model.load(path)
    assert loaded.read("精武镇卫津路8号") == model.read("精武镇卫津路8号")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    head = parts["moves.npy"]
    parts["moves.npy"] = head[:-1] + bytes([head[-1] ^ 1])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(AddressModelUnreadable):
        address_model.load(path)


@pytest.mark.parametrize("data", [b"", b"PK", b"\x80\x04K\x01.", "不是模型".encode()])
def test_不是模型的文件被拒绝(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    path.write_bytes(data)
    with pytest.raises(AddressModelUnreadable):
        address_model.load(path)


def test_太少的标注不能训练() -> None:
    with pytest.raises(NothingToLearn):
        address_model.train(_made()[:5])


def test_标签大小写和写法都认(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("西 B-Town\n门 I-TOWN\n镇 e-town\n8 S-roadNo\n号 O\n\n\n路 I-road\n", encoding="utf-8")
    first, second = read_labelled(path)
    assert first.spans == ((0, 3, "town"), (3, 4, "roadno"))
    assert second.spans == ((0, 1, "road"),)


@pytest.mark.parametrize("line", ["西", "西 town", "西 B-", "西 X-town"])
def test_坏的标注指出行号(line: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text(f"东 B-town\n{line}\n", encoding="utf-8")
    with pytest.raises(LabelledTextUnreadable) as refused:
        read_labelled(path)
    assert "2" in refused.value.message("zh")


_SPANS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["road", "town", ""])), max_size=8)


@given(_SPANS)
def test_片段与标签互相还原(pieces: list[tuple[int, str]]) -> None:
    spans, at = [], 0
    for length, kind in pieces:
        if kind:
            spans.append((at, at + length, kind))
        at += length
    assert spans_of(marks_of(at, spans)) == spans


@given(st.text(max_size=80))
def test_每个字符都有特征(text: str) -> None:
    places = tokens(text)
    assert len(features([text[start:end] for start, end in places], {})) == len(places)
    assert "".join(text[start:end] for start, end in places) == "".join(text.split())


def test_分数只认完全相同的片段() -> None:
    score = Score()
    score.add([(0, 2, "road"), (2, 3, "town")], [(0, 2, "road"), (2, 4, "town")])
    assert score.figures() == (0.5, 0.5, 0.5)
    assert Score().figures() == (0.0, 0.0, 0.0)


def test_梯度与差商一致() -> None:
    random = np.random.default_rng(1)
    sizes, gold = np.array([2, 3]), np.array([0, 1, 2, 0, 1])
    values = [random.normal(size=shape) for shape in ((5, 3), (3, 3), (3,), (3,))]

    def loss(parts: list[np.ndarray]) -> float:
        return gradients(parts[0], sizes, gold, *parts[1:])[0]

    _, of_scores, of_chain = gradients(values[0], sizes, gold, *values[1:])
    for part, gradient in enumerate([of_scores, *of_chain]):
        for index in np.ndindex(values[part].shape):
            changed = [value.copy() for value in values]
            changed[part][index] += 1e-3
            above = loss(changed)
            changed[part][index] -= 2e-3
            assert (above - loss(changed)) / 2e-3 == pytest.approx(gradient[index], abs=2e-3)
