"""Frames of the standard and of the field decode, or are refused, as they are marked outside."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from yiwang.sensing.gateways.hj212.checksum import checksum
from yiwang.sensing.gateways.hj212.codes import codes_2005, find, table
from yiwang.sensing.gateways.hj212.fields import bare_text, read_data
from yiwang.sensing.gateways.hj212.frames import (
    Edition,
    Frame,
    SegmentUnreadable,
    answer,
    encode,
    flag_of,
    packets_of,
    read_segment,
    segment_of,
)
from yiwang.sensing.gateways.hj212.framing import Checksum, Fault, FrameReader, Received, Skipped, frame
from yiwang.sensing.gateways.hj212.joining import PacketJoiner, joined
from yiwang.sensing.gateways.hj212.moments import micros_of, moment_of, text_of

STANDARD = b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n"


def only(data: bytes) -> Frame:
    [found] = FrameReader().feed(data)
    assert isinstance(found, Received)
    return read_segment(found.segment)


def test_标准附录A_校验码为1C80() -> None:
    assert checksum(STANDARD[6:-6]) == 0x1C80
    found = only(STANDARD)
    assert (found.command, found.system, found.password, found.flag) == ("1062", "32", "100000", 5)
    assert found.edition == Edition.HJ_2017
    assert found.wants_answer
    assert read_data(found.text()).integer("RtdInterval") == 30
    assert encode(found) == STANDARD


def test_公开报文逐条按标注解码或拒绝(shared_dir: Path) -> None:
    seen = 0
    for row in csv.DictReader((shared_dir / "data/protocols/hj212_packets_checked.csv").open(encoding="utf-8")):
        packet = row["packet"].encode()
        [found] = FrameReader().feed(packet)
        if row["length_ok"] == "True" and row["crc_ok"] == "True":
            assert isinstance(found, Received), packet
            assert read_segment(found.segment).device
        else:
            assert isinstance(found, Skipped)
            assert found.fault is Fault.CHECKSUM
        assert f"{checksum(packet[6:-4]):04X}" == row["crc_calc"]
        seen += 1
    assert seen >= 6


def test_标准各例逐条解码(shared_dir: Path) -> None:
    text = (shared_dir / "standards/test-vectors.md").read_text("utf-8").split("## 2 JT/T 808")[0]
    whole = [match for match in re.findall(r"`(##\d{4}[^`…]+)`", text) if "…" not in match]
    assert len(whole) >= 12
    for words in whole:
        found = only(words.encode())
        assert encode(found).rstrip(b"\r\n").upper() == words.encode().upper(), "written again it is the same frame"


def test_标准C16_分钟数据各字段有类型() -> None:
    found = only(
        b"##0325QN=20160801085000001;ST=32;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&DataTime=20160801084000;"
        b"w00000-Cou=10.5,w00000-Min=16.4,w00000-Avg=17.5,w00000-Max=20.1,w00000-Flag=N;w01001-Min=7.1,w01001-Avg=7.5,"
        b"w01001-Max=7.8,w01001-Flag=N;w01018-Cou=10.5,w01018-Min=40.1,w01018-Avg=40.1,w01018-Max=40.1,w01018-Flag=N&&6180\r\n"
    )
    area = read_data(found.text())
    assert area.micros() == micros_of("20160801084000")
    assert [factor.code for factor in area.factors] == ["w00000", "w01001", "w01018"]
    assert area.factors[0].numbers == {"Cou": 10.5, "Min": 16.4, "Avg": 17.5, "Max": 20.1}
    assert area.factors[0].flag == "N"
    assert area.unreadable == 0


def test_标准C40_运行日志按字节计长() -> None:
    found = only(
        "##0152QN=20160801085857223;ST=32;CN=3020;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&DataTime=20100301145000;"
        "PolId=w01018;i11001-Info=//清洗管路//&&9741\r\n".encode()
    )
    [factor] = read_data(found.text()).factors
    assert bare_text(factor.texts["Info"]) == "清洗管路"


def test_标准C50_拆分包按时间合并() -> None:
    first = only(
        b"##0260QN=20160801085857534;ST=32;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=7;PNUM=2;PNO=1;CP=&&"
        b"DataTime=20160801080000;w00000-Cou=63.0,w00000-Min=16.4,w00000-Avg=17.5,w00000-Max=20.1,w00000-Flag=N;w01001-Min=7.1,"
        b"w01001-Avg=7.5,w01001-Max=7.8,w01001-Flag=N&&D941\r\n"
    )
    second = only(
        b"##0201QN=20160801085857535;ST=32;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=7;PNUM=2;PNO=2;CP=&&"
        b"DataTime=20160801080000;w01018-Cou=63.0,w01018-Min=40.1,w01018-Avg=40.1,w01018-Max=40.1,w01018-Flag=N&&E2C1\r\n"
    )
    joiner = PacketJoiner()
    assert joiner.add(second, 0.0) is None
    assert joiner.waiting > 0
    packets = joiner.add(first, 1.0)
    assert packets == [first, second]
    area = read_data(joined(packets).decode())
    assert [factor.code for factor in area.factors] == ["w00000", "w01001", "w01018"]
    assert joiner.waiting == 0


def test_拆分包缺一个_超时即弃_不占内存() -> None:
    joiner = PacketJoiner()
    whole = Frame("1", "32", "3020", "", "M", 7, 3, 1, False, b"i11001-Info=//a//")
    assert joiner.add(whole, 0.0) is None
    assert joiner.forget(30.0) == 0
    assert joiner.forget(61.0) == 1
    assert joiner.waiting == 0
    for number in range(2000):
        joiner.add(whole._replace(data=b"DataTime=%014d;x=" % number + b"y" * 5000), 100.0)
    assert joiner.waiting <= 1_000_000


def test_2005版_无QN无Flag_三位编码_GBK() -> None:
    found = only(
        b"##0139ST=32;CN=2011;PW=123456;MN=LD130133000015;CP=&&DataTime=20160824003817000;B01-Rtd=36.91;011-Rtd=231.0,"
        b"011-Flag=N;060-Rtd=1.803,060-Flag=N&&4980"
    )
    assert (found.number, found.flag, found.edition, found.wants_answer) == ("", None, 0, False)
    area = read_data(found.text())
    assert area.micros() == micros_of("20160824003817")
    assert area.factors[1].numbers == {"Rtd": 231.0}
    gbk = Frame("", "32", "3020", "", "M", 0, 0, 0, False, "i11001-Info=//门禁打开//".encode("gbk"))
    assert "门禁打开" in read_segment(segment_of(gbk)).text()


def test_各版本并存_未知版本不拒绝() -> None:
    for version in (0, 1, 2, 3, 63):
        found = read_segment(
            b"QN=20260101000000000;ST=22;CN=2011;PW=1;MN=M;Flag=%d;CP=&&&&" % flag_of(version, answer=True)
        )
        assert found.edition == version
        assert found.wants_answer
    resent = read_segment(b"QN=1;ST=22;CN=2061;PW=1;MN=M;Flag=9;RF=1;CP=&&&&")
    assert resent.resent
    assert resent.edition == Edition.HJ_2025


def test_应答回同一QN_2005版写在数据区() -> None:
    found = only(STANDARD)
    assert encode(answer(found, "9011", password="123456", data="QnRtn=1")) == (
        b"##0094QN=20160801085857223;ST=91;CN=9011;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&QnRtn=1&&1B00\r\n"
    )
    old = found._replace(flag=1)
    assert answer(old, "9011", data="QnRtn=1").data == b"QN=20160801085857223;QnRtn=1"


@pytest.mark.parametrize(
    "segment",
    [
        b"QN=20160801085857534,ST=32;CN=2011;PW=123456;MN=M1;Flag=5;CP=&&DataTime=20160801085857&&",  # C.22
        b"ST=32;PNO=1;PNUM=1;MN=M1;CN=2011;PW=123456;CP=&&DataTime=20160801085857&&",
        b"QN=1;ST=32;CN=2011;PW=123456;MN=M1;Flag=5CP=&&DataTime=20160801085857&&",  # C.19
        b" QN = 1 ; ST = 32;CN=2011; PW=123456;MN = M1;Flag=5; CP= && DataTime=20160801085857 &&",
        b"qn=1;st=32;cn=2011;pw=123456;mn=M1;flag=5;cp=&&DataTime=20160801085857&&",
    ],
)
def test_标准例句中的笔误也能读(segment: bytes) -> None:
    found = read_segment(segment)
    assert (found.device, found.command, found.system) == ("M1", "2011", "32")
    assert read_data(found.text()).micros() == micros_of("20160801085857")


def test_逗号分隔的起止时间_大小写不同的字段名() -> None:
    area = read_data("BeginTime=20160801080000,EndTime=20160801090000;Overtime=5;CTime=2; w01018-rtd = 3.5")
    assert area.micros("EndTime") == micros_of("20160801090000")
    assert area.integer("OverTime") == 5
    assert area.integer("Ctime") == 2
    assert area.factors[0].numbers == {"Rtd": 3.5}


@pytest.mark.parametrize(
    "value", ["", "-", "nan", "NaN", "inf", "-Infinity", "1e300", "1_000", "十", "12.3.4", "1" * 20]
)
def test_不是数的值不当作数(value: str) -> None:
    area = read_data(f"DataTime=20160801085857;a34004-Rtd={value},a34004-Flag=D")
    assert area.factors[0].numbers == {}
    assert area.factors[0].flag == "D"
    assert area.unreadable == 1


def test_日志文本里的分号逗号等号原样保留() -> None:
    area = read_data("DataTime=20160801085857;i11001-Info=//a;b,c=d && ##0101//;PolId=w01018")
    assert bare_text(area.factors[0].texts["Info"]) == "a;b,c=d && ##0101"
    assert area.fields["PolId"] == "w01018"


@pytest.mark.parametrize(
    "segment",
    [b"", b"CP=&&&&", b"MN=1;CN=2011;CP=&&", b"MN=1;CN=20a1;CP=&&&&", b"CN=2011;CP=&&&&", b"MN=1;CN=2011;CP=x"],
)
def test_结构不对的数据段被拒绝(segment: bytes) -> None:
    with pytest.raises(SegmentUnreadable):
        read_segment(segment)


def test_真Modbus校验码只在约定时接受并标明() -> None:
    from yiwang.sensing.gateways.hj212.checksum import modbus_checksum

    segment = STANDARD[6:-6]
    wrong = frame(segment, value=modbus_checksum(segment))
    assert isinstance(FrameReader().feed(wrong)[0], Skipped)
    assert FrameReader(modbus=True).feed(wrong) == [Received(segment, Checksum.MODBUS)]


def test_编码表齐全_可按编号位查() -> None:
    assert len(table()) == 379
    assert all(entry.zh and entry.en for entry in table())
    assert find("a34004") is not None
    assert find("a34004").unit == "ng/m³"  # type: ignore[union-attr]
    assert find("e20203").zh == "出水口COD"  # type: ignore[union-attr]
    assert find("i33315").zh == "炉膛内上部焚烧温度"  # type: ignore[union-attr]
    assert find("a05024") is None
    assert codes_2005()["w01018"] == ("011",)


def test_编码表与公开整理的一致(shared_dir: Path) -> None:
    rows = list(
        csv.reader((shared_dir / "data/environment/hj212_2017_pollutant_codes.csv").open(encoding="utf-8-sig"))
    )[1:]
    assert [(row[0], row[1], row[2]) for row in rows] == [(entry.code, entry.zh, entry.code_2005) for entry in table()]


def test_时间为北京时间() -> None:
    assert moment_of("20260618120000").isoformat() == "2026-06-18T04:00:00+00:00"
    assert text_of(moment_of("20260618120000123")) == "20260618120000"
    for wrong in ("", "2026061812000", "20261318120000", "20260230120000", "20260618240000", "2026061812000x"):
        assert read_data(f"DataTime={wrong}").micros() is None


def test_长报文按因子拆分_合起来不变() -> None:
    groups = ";".join(f"a{number:05d}-Rtd=1.5,a{number:05d}-Flag=N" for number in range(120))
    whole = Frame(
        "20260618120000000", "22", "2011", "123456", "M", 5, 0, 0, False, f"DataTime=20260618120000;{groups}".encode()
    )
    packets = packets_of(whole)
    assert len(packets) > 3
    assert all(len(packet.data) <= 950 and packet.flag == 7 for packet in packets)
    assert len({packet.number for packet in packets}) == len(packets)
    joiner = PacketJoiner()
    results = [joiner.add(packet, 0.0) for packet in reversed(packets)]
    assert results[-1] is not None
    assert joined(results[-1]) == whole.data
