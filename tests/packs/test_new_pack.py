"""``yiwang new pack``: what it makes passes the check at once; bad ids are refused with words that help."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from yiwang.packs.check import run_check
from yiwang.packs.errors import NoSkeleton
from yiwang.packs.skeleton import make_pack

ROOT = Path(__file__).resolve().parents[2]
PACKS, CITY = Path("packs"), Path("cities/small")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One pack and a city that runs it alone."""
    shutil.copytree(ROOT / "packs/urban-management", tmp_path / "packs/urban-management")
    shutil.copytree(ROOT / "tests/cities/small", tmp_path / "cities/small")
    path = tmp_path / "cities/small/city.yaml"
    text = path.read_text("utf-8")
    begin, end = text.index("packs: ["), text.index("]", text.index("packs: ["))
    path.write_text(text[:begin] + "packs: [urban-management" + text[end:], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_新应用通过检查_城市多了它的名字(tree: Path) -> None:
    before = (CITY / "city.yaml").read_text("utf-8")
    made = make_pack("noise-permits", PACKS, CITY, zh="夜间施工", en='Night "work"')
    ours = [item for item in run_check(PACKS, CITY.parent).findings if "noise-permits" in item.file]
    assert ours == []
    after = (CITY / "city.yaml").read_text("utf-8")
    assert after.replace(", noise-permits]", "]") == before, "comments and order stay"
    assert yaml.safe_load(after)["packs"] == ["urban-management", "noise-permits"]
    assert {path.relative_to(made.folder).parts[0] for path in made.files} == {
        "pack.yaml", "README.md", "roles.yaml", "cases", "classes", "flows", "rules", "types", "scenarios", "strings",
    }  # fmt: skip
    assert not [path for path in made.files if "@" in path.read_text("utf-8") or "@" in path.name]


def test_两个新应用的案件编号不会相同(tree: Path) -> None:
    for id in ("noise-permits", "night-parking"):
        make_pack(id, PACKS, CITY)
    numbers = [yaml.safe_load(path.read_text("utf-8"))["number"] for path in PACKS.glob("n*/cases/*.yaml")]
    assert len(set(numbers)) == 2


@pytest.mark.parametrize(
    ("id", "hint"),
    [
        ("Noise_Permits", "noise-permits"),
        ("9lives", "lives"),
        ("夜间施工", ""),
        ("a" * 41, "a" * 40),
        ("-x-", "x"),
        ("../x", "x"),
    ],
)
def test_不合要求的编号被拒绝_并建议一个(tree: Path, id: str, hint: str) -> None:
    with pytest.raises(NoSkeleton) as raised:
        make_pack(id, PACKS, CITY)
    assert hint in raised.value.message("zh")
    assert "small letters" in raised.value.message("en")
    assert [path.name for path in PACKS.iterdir()] == ["urban-management"]


def test_已有的应用包不会被覆盖(tree: Path) -> None:
    with pytest.raises(NoSkeleton, match="packs/urban-management"):
        make_pack("urban-management", PACKS, CITY)


def test_城市里没人能办时说明原因_什么也不写(tree: Path) -> None:
    path = CITY / "city.yaml"
    path.write_text(
        path.read_text("utf-8").replace("department-desk]", "handler]").replace("[department-desk", "[handler"), "utf-8"
    )
    before = path.read_text("utf-8")
    with pytest.raises(NoSkeleton, match="department-desk"):
        make_pack("noise-permits", PACKS, CITY)
    assert path.read_text("utf-8") == before
    assert not (PACKS / "noise-permits").exists()


def test_竖写的应用包列表也能加上(tree: Path) -> None:
    path = CITY / "city.yaml"
    path.write_text(
        path.read_text("utf-8").replace("packs: [urban-management]", "packs:\n  - urban-management  # the first"),
        "utf-8",
    )
    make_pack("noise-permits", PACKS, CITY)
    assert "  - urban-management  # the first\n  - noise-permits\n" in path.read_text("utf-8")
