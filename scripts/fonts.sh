#!/bin/sh
# Chinese fonts for printed documents: those of the system where there are some; else Debian's package, unpacked into
# YIWANG_HOME/fonts (default .yiwang) without installing anything. Without any, documents say what is missing.
set -eu
root=${YIWANG_HOME:-.yiwang}/fonts
[ -z "${YIWANG_DOCUMENT_FONTS:-}" ] || exit 0
if [ -d "$root" ] || [ -n "$(find /usr/share/fonts /usr/local/share/fonts -name 'NotoSerifCJK*' 2>/dev/null | head -n 1)" ]; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
    echo "yiwang: no Chinese serif font here; install Noto Serif CJK by your system's means, or name its folder in YIWANG_DOCUMENT_FONTS" >&2
    exit 0
fi
echo "yiwang: fetching Chinese fonts for printed documents (60 MB) …" >&2
"$(dirname "$0")/debian_unpack.sh" "$root" fonts-noto-cjk ||
    echo "yiwang: the fonts could not be fetched; documents wait until scripts/fonts.sh finds them" >&2
