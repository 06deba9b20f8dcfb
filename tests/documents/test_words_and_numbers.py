"""What a document says, how it is numbered, and that its signature is one that other programs accept."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.documents.content import new_code, same_code
from yiwang.documents.numbers import fault_of, number_of
from yiwang.documents.template import blanks_of, faults_of, fill, lists_of, written
from yiwang.kernel import sm2
from yiwang.kernel.database import Json


def test_文号_按机关_年份_流水号写成() -> None:
    assert fault_of("{office}罚字〔{year}〕第{serial}号") is None
    assert number_of("{office}罚字〔{year}〕第{serial}号", "水务局", 2026, 7) == "水务局罚字〔2026〕第7号"
    assert number_of("{office}-{year}-{serial:4}", "A", 2026, 12345) == "A-2026-12345"


@pytest.mark.parametrize(
    "pattern",
    ["{year}-{serial}", "{office}{serial}", "{office}{year}", "{office}{year}{serial}{serial}", "{office}{year:4}{serial}",
     "{office} {year}{serial}", "{office}{year}{serial}{day}", "{office}{year}{serial:0}", "{office}{year}{serial"],
)  # fmt: skip
def test_缺年份_机关_流水号或有别的内容的文号不能用(pattern: str) -> None:
    assert fault_of(pattern) is not None


def test_模板_逐行成段_缺的内容列出() -> None:
    text = "> {{who|反映人}}:\n\n## 一、{{case.number}}\n- {{field.fine}}元\n| {{a|无}} | b |\n正文{{ case.text }}"
    blocks, missing = fill(text, {"case.number": "CG1", "case.text": "路灯不亮"})
    assert blocks == [
        {"kind": "plain", "text": "反映人:"},
        {"kind": "heading", "text": "一、CG1"},
        {"kind": "item", "text": "元"},
        {"kind": "row", "cells": ["无", "b"]},
        {"kind": "text", "text": "正文路灯不亮"},
    ]
    assert missing == ["field.fine"]
    first = blanks_of(text)[0]
    assert (first.name, first.otherwise, first.line) == ("who", "反映人", 1)


@given(st.text())
def test_填入的文字只是文字(value: str) -> None:
    blocks, missing = fill("| {{a| }} | x |\n{{a| }}", {"a": value})
    assert missing == []
    assert [block["kind"] for block in blocks if isinstance(block, dict)] == ["row", "text"]
    row = blocks[0]
    assert isinstance(row, dict)
    assert row["cells"] == [value, "x"]


def test_模板的错误指明行号() -> None:
    assert [fault.line for fault in faults_of("好\n{{A}}\n| a")] == [2, 3]
    assert [fault.line for fault in faults_of(" \n")] == [1]
    assert faults_of("> {{a}}\n| {{b|c}} | d |") == []


def test_清单_每件一行_没有就没有() -> None:
    text = "| 序号 | 文件 |\n{{#evidence}}\n| {{each.nth}} | {{each.name}} |\n{{/evidence}}\n完"
    lists = {"evidence": [{"each.nth": "1", "each.name": "a.jpg"}, {"each.nth": "2", "each.name": ""}]}
    blocks, missing = fill(text, {}, lists)
    assert missing == []
    assert blocks == [
        {"kind": "row", "cells": ["序号", "文件"]},
        {"kind": "row", "cells": ["1", "a.jpg"]},
        {"kind": "row", "cells": ["2", ""]},
        {"kind": "text", "text": "完"},
    ]
    assert fill(text, {})[0] == [{"kind": "row", "cells": ["序号", "文件"]}, {"kind": "text", "text": "完"}]
    assert lists_of(text) == {"evidence"}
    assert faults_of(text) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("{{#photos}}\n{{/photos}}", [1, 2]),
        ("{{#steps}}\n{{each.digest}}\n{{/steps}}", [2]),
        ("{{#steps}}\n{{#documents}}\n{{/documents}}", [2]),
        ("{{each.nth}}", [1]),
        ("一\n{{#steps}}\n二", [2]),
        ("见{{#steps}}", [1]),
    ],
)
def test_清单写错_指明行号(text: str, lines: list[int]) -> None:
    assert [fault.line for fault in faults_of(text)] == lines


def test_字段按人读的样子写() -> None:
    assert written("2026-07-01") == "2026年7月1日"
    values: list[Json] = [True, False, None, 12, 2.5, "文", ["a", "b"]]
    assert [written(value) for value in values] == ["是", "否", "", "12", "2.5", "文", "a、b"]


def test_核验码_怎样输入都认得() -> None:
    code = new_code()
    assert len(code) == 14
    assert same_code(code.lower().replace("-", " ")) == code
    assert len({new_code() for _ in range(1000)}) == 1000


def test_sm2_签名能核验_每次不同_改一字节不成立() -> None:
    pair = sm2.new_key_pair()
    first, second = sm2.sign(pair.private, b"%PDF"), sm2.sign(pair.private, b"%PDF")
    assert first != second
    assert all(sm2.verify(pair.public, b"%PDF", one) for one in (first, second))
    assert not sm2.verify(pair.public, b"%PDG", first)
    assert not sm2.verify(sm2.new_key_pair().public, b"%PDF", first)


def test_sm2_标准中的密钥对() -> None:
    private = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
    assert sm2.public_of(private) == (
        "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to check with")
def test_sm2_签名由OpenSSL核验通过(tmp_path: Path) -> None:
    pair = sm2.new_key_pair()
    message, key, signature = tmp_path / "m", tmp_path / "k.pem", tmp_path / "s"
    key.write_text(sm2.public_pem(pair.public))
    for content in (b"", b"%PDF-1.7", bytes(range(256)) * 40):
        message.write_bytes(content)
        signature.write_bytes(sm2.der(sm2.sign(pair.private, content)))
        assert b"Verified Successfully" in _openssl(message, key, signature)
    message.write_bytes(b"something else")
    assert b"Verified Successfully" not in _openssl(message, key, signature)


def _openssl(message: Path, key: Path, signature: Path) -> bytes:
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin", "-digest", "sm3", "-pkeyopt"]
    command += [f"distid:{sm2.DEFAULT_ID.decode()}", "-in", str(message), "-sigfile", str(signature)]
    return subprocess.run(command, capture_output=True, check=False).stdout
