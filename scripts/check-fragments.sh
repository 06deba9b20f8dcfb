#!/bin/sh
# Changelog fragments (changelog.d/<name>.<kind>.md): each has a known kind, and a branch that changes the package has one.
set -eu
cd "$(dirname "$0")/.."
if ! words=$(.venv/bin/towncrier build --draft --version next 2>&1); then
    printf '%s\n' "$words" >&2
    exit 1
fi
base=origin/main
if git rev-parse -q --verify "$base" >/dev/null 2>&1 && ! git merge-base --is-ancestor HEAD "$base"; then
    .venv/bin/towncrier check --compare-with "$base"
else
    echo "changelog fragments are well formed"
fi
