#!/bin/sh
# Write requirements/{dev,run,build}.txt anew from pyproject.toml: universal, with hashes, without any host's name.
# run and build take the versions that dev has chosen, so that what is tested is what runs.
set -eu
cd "$(dirname "$0")/.."
uv=uv
if ! command -v uv >/dev/null 2>&1; then
    .venv/bin/python -m pip install -q --disable-pip-version-check uv
    uv=.venv/bin/uv
fi
compile() { "$uv" pip compile -q --upgrade --universal --generate-hashes --no-header --python-version 3.11 "$@"; }
compile --group dev pyproject.toml -o requirements/dev.txt
compile -c requirements/dev.txt pyproject.toml -o requirements/run.txt
.venv/bin/python - <<'END' | compile -c requirements/dev.txt -o requirements/build.txt -
import tomllib
with open("pyproject.toml", "rb") as file:
    needed = tomllib.load(file)["build-system"]["requires"]
print("\n".join([*needed, "editables"]))  # editables: what hatchling needs for `pip install -e`
END
if grep -n '://' requirements/*.txt; then
    echo "yiwang: the lines above name a host; they must not" >&2
    exit 1
fi
