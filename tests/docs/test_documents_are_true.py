"""Documents that lie are worse than none: links lead somewhere, commands and settings exist, the guides' files pass the check.

A block of a guide that is a whole file stands under ``<!-- file: path -->``; the blocks of all guides together make a pack and
a city, which are checked like ours, and their scenario is executed. Blocks under ``<!-- example: path -->`` are read alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
import typer.main

from yiwang.cli.main import app
from yiwang.kernel.calendar_files import read_calendar_file
from yiwang.kernel.settings import Settings
from yiwang.packs.check import run_check

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part in ("node_modules", "changelog.d") for part in path.relative_to(ROOT).parts)
)
WRITTEN = [path for path in DOCUMENTS if path.parent.name != "reference"]

_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```+|~~~+).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_FILE = re.compile(r"<!-- (file|example): (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_YIWANG = re.compile(r"(?:^[ \t]*(?:\w+=\S+ )*|`|bin/)yiwang ([a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*)?)", re.MULTILINE)
_MAKE = re.compile(r"(?:^|[\s`(])make ([a-z][a-z-]*)(?=[\s`.,;:)]|$)", re.MULTILINE)
_SETTING = re.compile(r"\bYIWANG_[A-Z_]+\b")

# Read elsewhere than in Settings, each named with who reads it.
OTHER_VARIABLES = {
    "YIWANG_PG_BIN": "kernel.cluster",
    "YIWANG_SHARED": "tests/conftest.py",
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_of(text: str) -> str:
    """Fenced blocks, indented blocks and inline code: what a reader may type."""
    fenced = "\n".join(match.group() for match in _FENCE.finditer(text))
    rest = _FENCE.sub("", text)
    indented = "\n".join(line for line in rest.splitlines() if line.startswith("    "))
    return "\n".join([fenced, indented, *(match.group() for match in _CODE.finditer(rest))])


def anchors(path: Path) -> set[str]:
    """The anchors that a reader's browser makes of the headings, as the usual renderers do."""
    found: set[str] = set()
    for line in _FENCE.sub("", path.read_text(encoding="utf-8")).splitlines():
        if line.startswith("#"):
            words = re.sub(r"[`*]|\[|\]\([^)]*\)", "", line.lstrip("#").strip()).lower()
            found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    wrong = []
    for target in _LINK.findall(_CODE.sub("", _FENCE.sub("", path.read_text(encoding="utf-8")))):
        if re.match(r"[a-z]+:", target) or not re.search(r"[./#]", target):
            continue  # another site; or brackets that are no link
        file, _, anchor = unquote(target).partition("#")
        found = (path.parent / file).resolve() if file else path
        if not found.exists():
            wrong.append(f"{target}: no such file")
        elif anchor and found.suffix == ".md" and anchor not in anchors(found):
            wrong.append(f"{target}: no such heading")
    assert not wrong, "\n".join(wrong)


def commands(group: click.Group | typer.core.TyperGroup, before: str = "") -> Iterator[str]:
    """``import cases``, ``run`` …: every command that can be typed after ``yiwang``, and every group."""
    for word, command in group.commands.items():
        yield before + word
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{word} ")


KNOWN_COMMANDS = set(commands(typer.main.get_group(app)))
GROUPS = {command.split()[0] for command in KNOWN_COMMANDS if " " in command}


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_commands_of_yiwang_exist(path: Path) -> None:
    unknown = []
    for found in _YIWANG.findall(code_of(path.read_text(encoding="utf-8"))):
        words = found.split()
        wanted = " ".join(words[:2]) if words[0] in GROUPS and len(words) > 1 else words[0]
        if wanted not in KNOWN_COMMANDS:
            unknown.append(f"yiwang {found.strip()}")
    assert not unknown, unknown


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_targets_of_make_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = set(_MAKE.findall(code_of(path.read_text(encoding="utf-8")))) - targets
    assert not unknown, unknown


@pytest.mark.parametrize("path", [*WRITTEN, ROOT / "deploy/yiwang.env"], ids=name)
def test_settings_exist(path: Path) -> None:
    known = {f"YIWANG_{field.upper()}" for field in Settings.model_fields} | OTHER_VARIABLES.keys()
    named = {word for word in _SETTING.findall(path.read_text(encoding="utf-8")) if not word.endswith("_")}
    assert not named - known


@pytest.mark.parametrize("folder", sorted(path.parent for path in (ROOT / "yiwang").glob("*/__init__.py")), ids=name)
def test_every_engine_says_what_it_owns(folder: Path) -> None:
    assert (folder / "README.md").is_file(), f"{name(folder)} has no README.md"


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\) \| (.+?) \|", (folder / "README.md").read_text(encoding="utf-8"))
    titles = {
        path.name: path.read_text(encoding="utf-8").splitlines()[0].removeprefix(f"# {path.name[:4]} ")
        for path in sorted(folder.glob("[0-9]*.md"))
    }
    assert dict(listed) == titles


def test_every_guide_is_in_the_list() -> None:
    listed = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    missing = [path.name for path in (ROOT / "docs").rglob("*.md") if f"{path.stem}.md" not in listed]
    assert not [path for path in missing if not path[0].isdigit()]


def test_both_readmes_name_the_same_accounts_and_commands() -> None:
    english, chinese = ((ROOT / file).read_text(encoding="utf-8") for file in ("README.md", "README.zh-CN.md"))
    for pattern in (
        r"^\s+\| (`.+?) \|",
        r"^    (?:git|make|cp|\.venv|YIWANG)\S* .*?(?=\s+#|$)",
        r"\]\((docs/[^)]+\.md)\)",
    ):
        words = [
            re.findall(r"[\w./:-]+", " ".join(re.findall(pattern, text, re.MULTILINE))) for text in (english, chinese)
        ]
        ascii_words = [{word for word in found if word.isascii()} for found in words]
        if pattern.startswith("^    "):
            ascii_words = [found - {"address", "of", "this", "repository"} for found in ascii_words]
        assert ascii_words[0] == ascii_words[1]


def test_demo_accounts_of_the_documents_exist() -> None:
    declared = (ROOT / "cities/xiqing/city.yaml").read_text(encoding="utf-8")
    logins = set(re.findall(r"login: ([\w.-]+)", declared))
    named = set(re.findall(r"^\s*\| `([\w.-]+)`", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    named |= set(
        re.findall(r"^\| \d \| `([\w.-]+)`", (ROOT / "docs/tutorial.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert named
    assert not named - logins
    assert re.findall(r"password: (\S+)", declared)[0] in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with our packs and tests' city, and every whole file of the guides in its place."""
    root = tmp_path_factory.mktemp("guide")
    shutil.copytree(ROOT / "packs", root / "packs")
    shutil.copytree(ROOT / "cities/xiqing", root / "cities/xiqing")
    written: set[str] = set()
    for document in WRITTEN:
        for kind, path, content in _FILE.findall(document.read_text(encoding="utf-8")):
            if kind == "file":
                assert path not in written, f"{path} stands in two guides"
                written.add(path)
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(content, encoding="utf-8")
    assert {"cities/mycity/city.yaml", "packs/tree-pruning/flows/tree-case.bpmn"} <= written
    city = root / "cities/mycity/city.yaml"
    text = city.read_text(encoding="utf-8")
    city.write_text(
        text.replace("packs: [urban-management]", "packs: [urban-management, tree-pruning, street-trees]"),
        encoding="utf-8",
    )
    return root


def test_files_of_the_guides_pass_the_check(guide: Path) -> None:
    result = run_check(guide / "packs", only_cities=[guide / "cities/mycity", guide / "cities/xiqing"])
    made = ("/tree-pruning/", "/street-trees/", "/cities/")
    ours = [item for item in result.findings if any(part in item.file for part in made)]
    assert not ours, "\n".join(f"{item.file}:{item.line} {item.code} {item.en}" for item in ours)


def test_the_scenario_of_the_guide_passes(guide: Path) -> None:
    # Not below pytest's own folder, which is closed to the account that runs the database for root.
    with tempfile.TemporaryDirectory(prefix="yiwang-guide-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        _run_scenario(guide, home)


def _run_scenario(guide: Path, home: str) -> None:
    scenario = "packs/tree-pruning/scenarios/pruning.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "yiwang.cli", "scenario", scenario],
        cwd=guide,
        env={**os.environ, "YIWANG_HOME": home, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_calendar_files_of_the_guide_are_read(tmp_path: Path) -> None:
    text = (ROOT / "docs/how-to/working-calendar.md").read_text(encoding="utf-8")
    examples = [(path, content) for kind, path, content in _FILE.findall(text) if kind == "example"]
    assert len(examples) == 2
    for path, content in examples:
        file = tmp_path / Path(path).name
        file.write_text(content, encoding="utf-8")
        found = read_calendar_file(file)
        assert found.years or found.changes


def test_the_mapping_of_the_guide_is_the_shipped_one() -> None:
    import yaml

    text = (ROOT / "docs/how-to/import-a-history.md").read_text(encoding="utf-8")
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    shipped = (ROOT / "examples/import/baltimore-311.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(block[1]) == yaml.safe_load(shipped)
