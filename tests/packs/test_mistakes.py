"""Every kind of mistake in a pack or city is told with file, line, column and words in both languages that say what to do.

A folder in ``mistakes/`` holds the files that differ from ``sound/`` and what the check must then say: exactly that, so
that one mistake is told once and not blamed on everything that depends on it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from yiwang.packs.check import run_check
from yiwang.packs.findings import Findings
from yiwang.packs.messages import MESSAGES
from yiwang.packs.source import largest_file, read_source

MISTAKES = Path(__file__).parent / "mistakes"
NAMES = sorted(path.name for path in MISTAKES.iterdir())


def expected(name: str) -> dict[str, list[dict[str, str]]]:
    return yaml.safe_load((MISTAKES / name / "expected.yaml").read_text(encoding="utf-8"))


def test_sound_packs_and_city_have_nothing_to_remark(sound: Path) -> None:
    result = run_check(sound / "packs")
    assert result.text() == "2 个应用包、1 个城市、1 个流程、4 个分类、1 个场景:0 处错误,0 处提醒。"
    assert result.good


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_where_it_stands(name: str, sound: Path) -> None:
    for path in sorted((MISTAKES / name).rglob("*")):
        target = sound / path.relative_to(MISTAKES / name)
        if path.is_file() and path.name != "expected.yaml":
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    wanted = expected(name)
    for removed in wanted.get("removed", []):
        (sound / str(removed)).unlink()
    seen = [
        {
            "at": f"{item.file}:{item.line}:{item.column}",
            "code": item.code,
            "zh": item.zh,
            "en": item.en,
            **({"level": "warning"} if item.level == "warning" else {}),
        }
        for item in run_check(sound / "packs").findings
    ]
    assert seen == wanted["findings"]


def test_every_sentence_has_a_fixture() -> None:
    shown = {finding["code"] for name in NAMES for finding in expected(name)["findings"]}
    elsewhere = {"file.too_large", "file.unreadable"}
    assert set(MESSAGES) - shown == elsewhere, "each code needs a folder in mistakes/"


def test_sentences_differ_and_end_with_their_stop() -> None:
    for code, message in MESSAGES.items():
        assert message.zh != message.en or code in ("deadline.invalid", "pack.role_verb"), code
        assert set(_braces(message.zh)) - set(_braces(message.en)) <= {"zh", "name_zh", "what_zh", "hint_zh"} | {
            name for name in _braces(message.zh) if name.endswith("_zh")
        } | {"language"}, code


def _braces(text: str) -> list[str]:
    import string

    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


def test_a_file_over_five_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: " + b"x" * largest_file)
    findings = Findings()
    assert read_source(path, findings) is None
    assert [item.code for item in findings.items] == ["file.too_large"]
    assert "5 MB" in findings.items[0].zh


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    findings = Findings()
    assert read_source(tmp_path / "x.yaml", findings) is None
    assert [item.code for item in findings.items] == ["file.unreadable"]


def test_json_and_text_tell_the_same(sound: Path) -> None:
    (sound / "packs/lamps/roles.yaml").write_text("posts: 5\n", encoding="utf-8")
    result = run_check(sound / "packs")
    told = result.json()
    assert told["errors"] == result.errors == 1
    assert isinstance(told["findings"], list)
    assert result.text("en").splitlines()[0].startswith("packs/lamps/roles.yaml:1:8: error schema.kind ")
    assert "1 errors, 0 warnings" in result.text("en").splitlines()[-1]
