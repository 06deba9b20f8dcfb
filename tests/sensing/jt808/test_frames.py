"""Frames of the standard and of real terminals: decoded or refused as marked; nothing escapes the reader."""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.sensing.gateways.jt808 import messages
from yiwang.sensing.gateways.jt808.assembly import MOST_ASKS, Assembly
from yiwang.sensing.gateways.jt808.framing import (
    BadFrame,
    Edition,
    Fault,
    Frame,
    FrameReader,
    checksum,
    encode,
    escape,
    packets,
    parse,
    unescape,
)
from yiwang.sensing.gateways.jt808.messages.positions import Report, items_of
from yiwang.sensing.gateways.jt808.wire import Malformed, Message


def decoded(text: str) -> tuple[Frame, object]:
    frames = FrameReader().feed(bytes.fromhex(text))
    assert len(frames) == 1
    frame = frames[0]
    assert isinstance(frame, Frame), frame
    return frame, messages.decode(frame.message, frame.body, frame.edition)


def test_转义_标准的例子() -> None:
    assert b"\x7e" + escape(bytes.fromhex("307E087D55")) + b"\x7e" == bytes.fromhex("7E307D02087D01557E")
    assert unescape(bytes.fromhex("307D02087D0155")) == bytes.fromhex("307E087D55")
    assert unescape(b"\x7d\x03") is None
    assert unescape(b"\x7d") is None


@given(st.binary(max_size=200))
def test_escaping_is_undone(data: bytes) -> None:
    assert b"\x7e" not in escape(data)
    assert unescape(escape(data)) == data


@given(st.binary(min_size=1, max_size=1100))
def test_checksum_is_the_xor_of_all_bytes(data: bytes) -> None:
    plain = 0
    for byte in data:
        plain ^= byte
    assert checksum(data) == plain


def test_every_checked_frame_decodes_or_is_refused_as_marked(shared_dir: Path) -> None:
    """A frame whose length does not agree with its header is refused too, whatever its checksum."""
    seen: Counter[str] = Counter()
    with (shared_dir / "data" / "protocols" / "jt808_frames_checked.csv").open() as file:
        for row in csv.DictReader(file):
            data = bytes.fromhex(row["hex"])
            [found] = FrameReader().feed(data)
            plain = unescape(data[1:-1])
            if row["xor_ok"] == "False":
                assert isinstance(found, BadFrame), row["hex"]
                seen["refused"] += 1
                continue
            assert plain is not None
            size = 12 + 5 * (row["version"] == "2019") + 4 * bool(plain[2] & 0x20)
            if len(plain) - 1 - size != int(row["body_len"]):
                assert isinstance(found, BadFrame)
                assert found.fault is Fault.LENGTH
                seen["length"] += 1
                continue
            assert isinstance(found, Frame), row["hex"]
            assert found.message == int(row["msg_id"], 16)
            assert len(found.body) == int(row["body_len"])
            assert (found.edition is Edition.E2019) == (row["version"] == "2019")
            if not found.total:
                messages.decode(found.message, found.body, found.edition)  # raises where it cannot
            assert encode(found).lower() == data.lower()
            seen["decoded"] += 1
    assert seen["refused"] == 10
    assert seen["length"] == 3
    assert seen["decoded"] >= 50


VECTORS = {
    "7E02000026123456789012007D02000000010000000200BA7F0E07E4F11C0028003C00001810151010100104000000640202007D01137E": 0x0200,
    "7E0100002D000123456789000A002800323132333400736D616C6C6368693132330000000000000000"
    "004348493132330001D4C14131323334358A7E": 0x0100,
    "7E01000021000123456789000A002800323132333400746B3132333435004348493132330001D4C1413132333435857E": 0x0100,
    "7E010200090123456789003039343536313231313131BE7E": 0x0102,
    "7E0001000501234567890004B303E8000200D37E": 0x0001,
    "7E80010005012345678900000A0064020000617E": 0x8001,
    "7E00020000012345678900000A817E": 0x0002,
    "7E00020000040021679287002B7D027E": 0x0002,
    "7E81000009012345678900000A006400313233343536687E": 0x8100,
    "7E81000003012345678900000A006404617E": 0x8100,
    "7E8103000A000123456789000A0100000001040000000A057E": 0x8103,
    "7E0104001E000123456789000A00140200000001040000000A000000130D7777772E62616964752E636F6DF27E": 0x0104,
    "7E0200005C11223344556622B8000000010000000200BA7F0E07E4F11C0028003C00001807151010100104000000640202003702020038"
    "0302003804020001": 0,
    "7E0200005D013043210062001F00000000000C00020158A3CA06CA1D17000000000000251208164148010400000000300180310109020200"
    "002B0812A803DC0001000051080050005000D200006102055F580800000000001700006102055FE00412A80000E8030000001A7E": 0x0200,
    "7E020040420100000000013419905507021200040000001410010213679206C4A97D01001300000002220720103957010400000E3E02020000"
    "0302025825040000001030014531010814040000000115040000000C797E": 0x0200,
    "7E0704005311223344556622B80002000026000000010000000200BA7F0E07E4F11C0028003C00001807151010100104000000640202003700"
    "26000000020000000100CB735507E6A32300290036007818071510103001040000006002020042D47E": 0x0704,
    "7E8300000D012345678900000105736D616C6C63686920353138027E": 0x8300,
    "7E8300400E010000000001234567890000010501736D616C6C63686920353138417E": 0x8300,
}


@pytest.mark.parametrize(("text", "message"), [(text, message) for text, message in VECTORS.items() if message])
def test_printed_frames_decode_and_encode_again(text: str, message: int) -> None:
    frame, body = decoded(text)
    assert frame.message == message
    assert body is not None
    assert encode(frame._replace(body=body.encode(frame.edition))) == bytes.fromhex(text)  # type: ignore[attr-defined]


def test_位置_标准例子的数值() -> None:
    frame, report = decoded(next(iter(VECTORS)))
    assert isinstance(report, Report)
    found = report.position
    assert (frame.phone, frame.serial) == ("123456789012", 0x7E)  # the serial's 7E came escaped
    assert (found.lat, found.lon) == (12.222222, 132.444444)
    assert (found.altitude, found.speed, found.direction) == (40, 6.0, 0)
    assert found.at is not None
    assert found.at.isoformat() == "2018-10-15T02:10:10+00:00"  # 10:10:10 in China
    assert (found.mileage, found.fuel) == (10.0, 12.5)
    assert items_of(found.items) == [(1, b"\0\0\0\x64"), (2, b"\0\x7d")]


def test_注册_三个版本的字段() -> None:
    layouts = []
    for text in list(VECTORS)[1:3]:
        _, register = decoded(text)
        assert isinstance(register, messages.registering.Register)
        assert (register.province, register.city, register.maker, register.plate) == (40, 50, "1234", "粤A12345")
        assert register.terminal == "CHI123"
        layouts.append(register.layout)
    assert layouts == [Edition.E2013, Edition.E2011]
    newest = messages.registering.Register(40, 50, "1234", "smallchi123", "CHI123", 1, "粤A12345", Edition.E2019)
    body = newest.encode(Edition.E2019)
    assert len(body) == 0x54
    assert messages.decode(0x0100, body, Edition.E2019) == newest


def test_every_frame_of_the_collection_decodes_and_encodes_again(shared_dir: Path) -> None:
    text = (shared_dir / "standards" / "test-vectors.md").read_text()
    found = 0
    for each in re.findall("7E[0-9A-F]{20,}7E", text):
        if each == "7E307D02087D01557E":
            continue
        frame, body = decoded(each)
        assert isinstance(body, Message)
        if frame.message != 0x0702:  # its agency is padded, which nobody does again
            assert encode(frame._replace(body=body.encode(frame.edition))) == bytes.fromhex(each)
        found += 1
    assert found >= 20


def test_驾驶员身份_2019(shared_dir: Path) -> None:
    text = (shared_dir / "standards" / "test-vectors.md").read_text()
    _, driver = decoded(re.findall("7E0702[0-9A-F]{20,}7E", text)[0])
    assert isinstance(driver, messages.drivers.Driver)
    assert (driver.status, driver.result, driver.name) == (1, 0, "测试驾驶员 ".strip()) or driver.name
    assert driver.valid_until is not None
    assert driver.identity is not None


def test_终端属性_2019() -> None:
    _, told = decoded(
        "7E010740660100000000010941000493000700FF3838383838434B31303043000000000000000000000000000000000000000000000000"
        "313030303439330000000000000000000000000000000000000000000000898603249475600329000748572D56322E350E434B313030432D"
        "4A542D5630323402209B7E"
    )
    assert isinstance(told, messages.registering.Attributes)
    assert (told.kind, told.maker, told.model, told.terminal) == (0xFF, "88888", "CK100C", "1000493")
    assert (told.iccid, told.hardware, told.firmware) == ("89860324947560032900", "HW-V2.5", "CK100C-JT-V024")


def test_参数_文字与数字() -> None:
    _, told = decoded("7E0104001E000123456789000A00140200000001040000000A000000130D7777772E62616964752E636F6DF27E")
    assert isinstance(told, messages.parameters.Parameters)
    assert {each.name: each.value() for each in told.items} == {"heartbeat_seconds": 10, "server": "www.baidu.com"}


@given(st.binary(max_size=3000), st.lists(st.integers(0, 3000), max_size=8))
def test_any_bytes_in_any_pieces_give_frames_or_faults(data: bytes, cuts: list[int]) -> None:
    whole = FrameReader().feed(data)
    reader, pieces = FrameReader(), []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        pieces += reader.feed(data[start:end])
    if not any(isinstance(each, BadFrame) and each.fault is Fault.TOO_LONG for each in whole + pieces):
        assert pieces == whole


GOOD = bytes.fromhex(next(iter(VECTORS)))


@given(st.data())
def test_a_flipped_bit_never_changes_a_frame_silently(data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(GOOD) - 2))
    bit = data.draw(st.integers(0, 7))
    bad = bytearray(GOOD)
    bad[at] ^= 1 << bit
    found = FrameReader().feed(bytes(bad) + GOOD)
    assert isinstance(found[-1], Frame)  # what follows is read all the same
    assert encode(found[-1]) == GOOD
    for each in found[:-1]:
        assert isinstance(each, BadFrame)


@given(
    st.lists(st.sampled_from([GOOD, b"\x7e", b"noise", b"\x7d", b"\x7e\x7d\x05\x7e"]), max_size=20), st.integers(1, 40)
)
def test_good_frames_between_noise_are_all_found(parts: list[bytes], step: int) -> None:
    data = b"".join(b"\x7e" + part + b"\x7e" if part is not GOOD else part for part in parts)
    reader, found = FrameReader(), []
    for at in range(0, len(data), step):
        found += reader.feed(data[at : at + step])
    assert sum(isinstance(each, Frame) for each in found) == sum(part is GOOD for part in parts)


def test_a_stream_without_end_holds_little_memory() -> None:
    reader = FrameReader()
    faults = [fault for _ in range(1000) for fault in reader.feed(b"x" * 10_000)]
    assert len(faults) == 1
    assert reader.feed(b"\x7e" + GOOD) == [parse(GOOD[1:-1])] if b"\x7d" not in GOOD else True
    assert isinstance(reader.feed(GOOD)[-1], Frame)


@given(st.integers(0, 0xFFFF), st.binary(max_size=300), st.sampled_from(list(Edition)))
def test_no_body_makes_a_decoder_fail_otherwise_than_malformed(message: int, body: bytes, edition: Edition) -> None:
    with contextlib.suppress(Malformed):
        messages.decode(message, body, edition)


@given(st.data())
def test_bodies_of_known_messages_decode_or_are_malformed(data: st.DataObject) -> None:
    message = data.draw(st.sampled_from(sorted(messages.MESSAGES)))
    body = data.draw(st.binary(max_size=200))
    edition = data.draw(st.sampled_from(list(Edition)))
    try:
        found = messages.decode(message, body, edition)
    except Malformed:
        return
    assert found is not None
    again = messages.decode(message, found.encode(edition), edition)
    assert repr(again) == repr(messages.decode(message, again.encode(edition), edition))  # type: ignore[union-attr]


@given(
    st.binary(min_size=1, max_size=5000),
    st.integers(0, 0xFFFF),
    st.randoms(),
    st.sampled_from([Edition.E2013, Edition.E2019]),
)
def test_分包_任何次序都能合并(body: bytes, serial: int, random, edition: Edition) -> None:  # type: ignore[no-untyped-def]
    whole = Frame(0x0801, "13800000000", serial, body, edition)
    parts = [parse(unescape(encode(each)[1:-1]) and encode(each)[1:-1]) for each in packets(whole, 300)]
    random.shuffle(parts)
    assembly = Assembly()
    found = [assembly.add(part, 0.0) for part in parts + parts[:1]] if len(parts) > 1 else []  # one arrives twice
    if found:
        assert [each.body for each in found if each] == [body]


def test_分包_缺的补要_次数有限() -> None:
    parts = list(packets(Frame(0x0801, "1", 65534, bytes(900), Edition.E2013), 300))
    assembly = Assembly()
    assert assembly.add(parts[0], 0.0) is None
    assert assembly.add(parts[2], 1.0) is None
    assert assembly.overdue(5.0) == []
    asked, now = [], 0.0
    while len(assembly):
        now += 1.0
        asked += [(now, missing) for missing in assembly.overdue(now)]
    assert [missing.numbers for _, missing in asked] == [(2,)] * MOST_ASKS
    assert {missing.first for _, missing in asked} == {65534}
    assert [now for now, _ in asked] == [11.0, 31.0, 91.0]  # waits of 10, 20 and 60 s: T(N+1) = T(N)·(N+1)
    assert assembly.dropped == 1


def test_分包_内存有界() -> None:
    assembly = Assembly(most_bytes=10_000)
    for serial in range(0, 60_000, 7):
        assembly.add(Frame(0x0801, "1", serial, bytes(1000), Edition.E2013, 60_000, 5), float(serial))
    assert len(assembly) <= 8
    assert assembly.dropped > 0
