#!/bin/sh
# Debian packages unpacked into a folder without installing anything: no root needed, and no service begins to run.
#   scripts/debian_unpack.sh FOLDER PACKAGE            that package alone
#   scripts/debian_unpack.sh --needs FOLDER PACKAGE    and the packages it needs that are not installed here
# The folder is there whole or not at all. Ends with 1 where packages cannot be fetched, after saying why.
set -eu
needs=
if [ "$1" = --needs ]; then needs=yes; shift; fi
root=$1 package=$2
mkdir -p "$(dirname "$root")"
work=$(mktemp -d "$root-get.XXXXXX")
work=$(cd "$work" && pwd)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial"
options="-o Dir::State::lists=$work/lists -o Dir::Cache=$work -o Dir::Cache::archives=$work/archives
 -o Dir::State::status=/var/lib/dpkg/status -o APT::Sandbox::User= -o Debug::NoLocking=1 -o Dpkg::Use-Pty=0"
log=$work/log
if ! (
    cd "$work"
    packages=$package
    # shellcheck disable=SC2086  # the options are words, as are the packages
    apt-get $options -qq update &&
        if [ -n "$needs" ]; then
            packages=$(apt-get $options -s --no-install-recommends install "$package" | awk '/^Inst/ {print $2}')
        fi &&
        apt-get $options -qq download $packages
) >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    exit 1
fi
rm -rf "$root.new"
mkdir -p "$root.new"
for each in "$work"/*.deb; do dpkg -x "$each" "$root.new"; done
rm -rf "$root"
mv "$root.new" "$root"
