"""Whatever comes over the line: no exception escapes the decoder, memory stays bounded, good frames behind bad ones are found."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.sensing.gateways.hj212.checksum import checksum
from yiwang.sensing.gateways.hj212.cipher import DataAreaCipher
from yiwang.sensing.gateways.hj212.commands import kind_of
from yiwang.sensing.gateways.hj212.fields import read_data
from yiwang.sensing.gateways.hj212.frames import Frame, SegmentUnreadable, encode, read_segment, segment_of
from yiwang.sensing.gateways.hj212.framing import LONGEST, Fault, FrameReader, Received, Skipped, frame
from yiwang.sensing.gateways.hj212.joining import PacketJoiner, joined

GOOD = [
    frame(
        b"QN=2026061812000%04d;ST=22;CN=2011;PW=123456;MN=M%06d;Flag=5;CP=&&DataTime=20260618120000;a34004-Rtd=%d.5,"
        b"a34004-Flag=N;LA-Rtd=55.0,LA-Flag=N&&" % (number, number, number)
    )
    for number in range(12)
]

words = st.text(alphabet=st.characters(codec="latin-1", exclude_characters=";=,&#\r\n"), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9)


def swallow(data: bytes, reader: FrameReader | None = None) -> list[Received | Skipped]:
    """Everything the gateway does with bytes before it knows the device."""
    found = (reader or FrameReader(modbus=True)).feed(data)
    joiner = PacketJoiner()
    for item in found:
        if isinstance(item, Received):
            try:
                one = read_segment(item.segment)
            except SegmentUnreadable:
                continue
            read_data(one.text()).micros()
            kind_of(one.command)
            packets = joiner.add(one, 0.0)
            if packets:
                joined(packets)
    return found


@given(st.binary(max_size=3000))
def test_任意字节不出异常(data: bytes) -> None:
    swallow(data)
    read_data(data.decode("latin-1"))


@given(st.text(alphabet="#0123456789;=,&-QNCPMSTFlagRtd/ \r\n", max_size=400))
def test_貌似报文的文字不出异常(text: str) -> None:
    swallow(text.encode())
    read_data(text)
    if len(text) < 400:
        swallow(frame(text.encode()))


@given(st.integers(0, len(GOOD[0]) - 1), st.integers(0, 7))
def test_任一位翻转_坏帧不通过或仅伤自己_后帧完好(place: int, bit: int) -> None:
    bad = bytearray(GOOD[0])
    bad[place] ^= 1 << bit
    found = swallow(bytes(bad) + b"".join(GOOD[1:]))
    good = [item.segment for item in found if isinstance(item, Received)]
    wanted = [one[6:-6] for one in GOOD[1:]]
    if place >= len(bad) - 2:
        wanted = [GOOD[0][6:-6], *wanted]  # only the end of line was hurt
    assert [segment for segment in good if segment in wanted] == wanted


@given(st.integers(1, len(GOOD[0]) - 1))
def test_半截报文之后的好报文立即得到(cut: int) -> None:
    reader = FrameReader()
    found = [*swallow(GOOD[0][:cut], reader), *swallow(GOOD[1] + GOOD[2], reader)]
    assert [item.segment for item in found if isinstance(item, Received)][-2:] == [GOOD[1][6:-6], GOOD[2][6:-6]]


@given(st.lists(st.sampled_from(GOOD), min_size=1, max_size=12), st.lists(st.integers(1, 200), min_size=1, max_size=60))
def test_任意切分_报文一个不少(frames: list[bytes], cuts: list[int]) -> None:
    stream, reader = b"".join(frames), FrameReader()
    found: list[Received | Skipped] = []
    position = turn = 0
    while position < len(stream):
        step = cuts[turn % len(cuts)]
        found += reader.feed(stream[position : position + step])
        position += step
        turn += 1
    assert [item.segment for item in found if isinstance(item, Received)] == [one[6:-6] for one in frames]
    assert not any(isinstance(item, Skipped) for item in found)


@given(
    st.lists(
        st.one_of(st.sampled_from(GOOD), st.binary(min_size=1, max_size=60).map(lambda b: b.replace(b"#", b"!"))),
        max_size=20,
    )
)
def test_夹杂垃圾_好报文一个不少(pieces: list[bytes]) -> None:
    found = swallow(b"".join(pieces))
    assert [item.segment for item in found if isinstance(item, Received)] == [
        one[6:-6] for one in pieces if one in GOOD
    ]


@given(st.lists(st.binary(min_size=1, max_size=4000), min_size=1, max_size=20))
def test_内存有界(chunks: list[bytes]) -> None:
    reader = FrameReader()
    for chunk in chunks:
        reader.feed(b"##9999" + chunk)
        assert reader.waiting <= LONGEST + 10


def test_超长声明被拒绝并继续() -> None:
    found = FrameReader(1024).feed(b"##2000" + b"x" * 100 + GOOD[0])
    assert isinstance(found[0], Skipped)
    assert found[0].fault is Fault.OVERSIZE
    assert found[-1] == Received(GOOD[0][6:-6], found[-1].checksum)  # type: ignore[union-attr]


def test_精心构造的坏流不耗处理器() -> None:
    for evil in (
        b"##9999" * 40_000,
        b"##0999" * 40_000,
        b"#" * 250_000,
        b"##0000" * 40_000,
        (b"##0100" + b"A" * 100) * 2500,
    ):
        reader = FrameReader(modbus=True)
        began = time.process_time()
        found = reader.feed(evil)
        assert time.process_time() - began < 1.0, evil[:6]
        assert sum(isinstance(item, Skipped) for item in found) <= 66


@settings(max_examples=50)
@given(
    st.builds(
        Frame,
        st.integers(10**16, 10**17 - 1).map(str),
        st.sampled_from(["21", "22", "32", "91"]),
        st.integers(1000, 9999).map(str),
        words.filter(lambda text: text == text.strip()),
        st.text(alphabet="0123456789ABCDEF", min_size=7, max_size=24),
        st.integers(0, 255),
        st.just(0),
        st.just(0),
        st.booleans(),
        st.lists(numbers, max_size=30).map(
            lambda found: ";".join(f"a{index:05d}-Rtd={number}" for index, number in enumerate(found)).encode()
        ),
    )
)
def test_往返不变(found: Frame) -> None:
    [back] = FrameReader().feed(encode(found))
    assert isinstance(back, Received)
    again = read_segment(back.segment)
    assert segment_of(again) == segment_of(found)
    if " " not in found.password and "," not in found.password:
        assert again == found


@given(st.binary(max_size=600))
def test_校验码与标准逐位算法相同(segment: bytes) -> None:
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            low = register & 1
            register >>= 1
            if low:
                register ^= 0xA001
    assert checksum(segment) == register


@given(
    st.dictionaries(st.text("abcdefgh0123", min_size=1, max_size=8), numbers, min_size=1),
    st.sampled_from(["raw", "hex", "base64"]),
)
def test_SM4加密的数据区解回原文(fields: dict[str, float], form: str) -> None:
    plain = ";".join(f"{name}-Rtd={number:.3f}" for name, number in fields.items()).encode()
    key = DataAreaCipher(bytes.fromhex("0123456789abcdeffedcba9876543210"))
    assert key.decrypt(key.encrypt(plain, form)) == plain  # type: ignore[arg-type]


def test_SM4标准向量() -> None:
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert DataAreaCipher(key).encrypt(key, "raw").hex() == "681edf34d206965e86b3e94f536e4246"


@given(st.binary(max_size=500))
def test_解不开的密文不出异常(data: bytes) -> None:
    DataAreaCipher(b"0" * 16).decrypt(data)
