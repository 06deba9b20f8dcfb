"""The tutorial of the first application, executed: its files are written, its commands typed, in the order of the page.

``<!-- run -->``: commands · ``<!-- says -->``: lines that their output must hold · ``<!-- write: file -->``: a whole file ·
``<!-- replace: file -->``: the first block becomes the second, once · ``<!-- append: file -->``: the block comes to its end.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/first-application.md"

_MARK = re.compile(r"<!-- (run|says|write|replace|append)(?:: (\S+))? -->\n")
_BLOCK = re.compile(r"```\w+\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def steps() -> Iterator[tuple[str, str, list[str]]]:
    """(what, file, blocks) in the order of the page."""
    text = PAGE.read_text("utf-8")
    for mark in _MARK.finditer(text):
        blocks, at = [], mark.end()
        for _ in range(2 if mark[1] == "replace" else 1):
            block = _BLOCK.match(text, at)
            assert block is not None, f"no block after {mark[0]}"
            blocks.append(block[1])
            at = block.end()
        yield mark[1], mark[2] or "", blocks


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A tree such as a reader has, without what other guides and colleagues may have added to it."""
    # Not below pytest's own folder, which is closed to the account that runs the database for root.
    with tempfile.TemporaryDirectory(prefix="yiwang-first-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name in ("packs", "cities/xiqing", "tests/cities"):
            shutil.copytree(ROOT / name, root / name)
        for proof in (ROOT / "packs").glob("*/proof.yaml"):
            for test in re.findall(r"tests/[\w/.-]+\.py", proof.read_text("utf-8")):
                (root / test).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / test, root / test)
        yield root


def typed(line: str, root: Path) -> str:
    words = shlex.split(line)
    assert words[0] == "yiwang", f"only our own commands are typed: {line}"
    done = subprocess.run(
        [sys.executable, "-m", "yiwang.cli", *words[1:]],
        cwd=root,
        env={**os.environ, "YIWANG_HOME": str(root / "home"), "PYTHONPATH": str(ROOT), "YIWANG_CITY": "cities/xiqing"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.timeout(900)  # two runs of scenarios in a whole district
def test_the_page_is_executed_from_top_to_bottom(checkout: Path) -> None:
    said = ""
    for what, file, blocks in steps():
        path = checkout / file
        if what == "run":
            said = "".join(typed(line, checkout) for line in blocks[0].splitlines() if line.strip())
        elif what == "says":
            missing = [line for line in blocks[0].splitlines() if line.strip() not in said]
            assert not missing, said
        elif what == "write":
            assert path.is_file(), f"{file} is not one of the skeleton"
            path.write_text(blocks[0], encoding="utf-8")
        elif what == "append":
            path.write_text(path.read_text("utf-8") + blocks[0], encoding="utf-8")
        else:
            text = path.read_text("utf-8")
            assert text.count(blocks[0]) == 1, f"{file} does not hold once:\n{blocks[0]}"
            path.write_text(text.replace(blocks[0], blocks[1]), encoding="utf-8")
