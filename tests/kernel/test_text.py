"""Text: what is stored, what is found, what is masked."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from yiwang.kernel.text import (
    CleanLine,
    CleanText,
    clean,
    clean_line,
    half_width,
    mask_identity_number,
    mask_name,
    mask_phone,
    search_query,
    search_terms,
    shorten,
)


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        ("  路灯不亮\r\n第二行\r第三行\t完 ", "路灯不亮\n第二行\n第三行 完"),
        ("cafe\u0301", "café"),
        ("a\x00b\x07c\x1bd\x7fe\x85f", "abcdef"),
        ("正常\u202e倒序\u202c\u200b\ufeff", "正常倒序"),
        ("孤立\ud800代理", "孤立代理"),
        ("👨‍👩‍👧‍👦 ❤️ 🇨🇳", "👨‍👩‍👧‍👦 ❤️ 🇨🇳"),
        ("\n\n", ""),
    ],
)
def test_控制字符去除_换行和表情保留(given_text: str, stored: str) -> None:
    assert clean(given_text) == stored


def test_single_line_fields_hold_one_line() -> None:
    assert clean_line(" 王顶堤\n 街道\t办 ") == "王顶堤 街道 办"


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=())))
def test_cleaning_twice_changes_nothing_and_can_always_be_stored(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")
    assert "\x00" not in once


class _Report(BaseModel):
    text: CleanText = Field(min_length=1, max_length=4)
    title: CleanLine = Field("", max_length=4)


def test_长度按字符计_先清理后检查() -> None:
    assert _Report(text="\u200b路灯不亮\x00 ").text == "路灯不亮"
    with pytest.raises(ValidationError):
        _Report(text=" \u200b\x00\n")
    with pytest.raises(ValidationError):
        _Report(text="路灯不亮了")
    with pytest.raises(ValidationError):
        _Report.model_validate({"text": 5})


def test_全角数字字母转半角_标点不动() -> None:
    assert half_width("津\uff21\uff11\uff12\uff42\uff0c\uff01") == "津A12b\uff0c\uff01"


def test_中文按二元组_西文按词() -> None:
    assert search_terms("路灯不亮 No.12号") == ["路灯", "灯不", "不亮", "亮", "no", "12", "号"]
    assert search_terms("Straße") == ["strasse"]
    assert search_terms("!,。") == []


def test_单字查询用前缀_覆盖任何位置的字() -> None:
    query = search_query("灯")
    assert (query.terms, query.prefixes) == ((), ("灯",))
    assert all(any(term.startswith("灯") for term in search_terms(text)) for text in ("灯", "路灯", "灯坏", "路灯坏了"))
    assert search_query("路灯 2026").tsquery == "'路灯' & '2026':*"
    assert search_query("'; drop--").tsquery == "'drop':*"
    assert search_query("…").empty


@given(st.text(min_size=1), st.integers(0, 50), st.integers(1, 20))
def test_every_piece_of_a_text_finds_the_text(text: str, start: int, length: int) -> None:
    # A piece cut out of a Latin word need not begin it; pieces of Chinese always find.
    piece = text[start : start + length]
    terms, query = search_terms(text), search_query(piece)
    if not any(character.isascii() or character.casefold() != character for character in piece) and all(
        "\u4e00" <= character <= "\u9fff" for character in piece
    ):
        assert set(query.terms) <= set(terms)
        assert all(any(term.startswith(prefix) for term in terms) for prefix in query.prefixes)


@given(st.text())
def test_a_query_never_breaks_out_of_its_quotes(text: str) -> None:
    query = search_query(text)
    assert all("'" not in word and "\\" not in word for word in (*query.terms, *query.prefixes))
    assert len(query.terms) + len(query.prefixes) <= 24


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张三丰", "张**"), ("李四", "李*"), ("王", "王*"), ("欧阳修远", "欧***"), ("John", "J***"), ("", "")],
)
def test_姓名只露首字(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812341234", "138****1234"),
        ("138 1234 1234", "138****1234"),
        ("\uff11\uff13\uff1812341234", "138****1234"),
        ("27391234", "****234"),
        ("12345", "*****"),
    ],
)
def test_电话中间四位隐藏(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


def test_identity_number_keeps_place_and_check_only() -> None:
    assert mask_identity_number("11010519491231002X") == "110105**********2X"
    assert mask_identity_number("123") == "***"


def test_shorten_ends_with_an_ellipsis() -> None:
    assert shorten("学府工业区\n门口积水", 6) == "学府工业区…"
    assert shorten("积水", 6) == "积水"
