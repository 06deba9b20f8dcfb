#!/bin/sh
# Photograph the pages of the README anew into docs/images/: brings up the demo city in a home of its own, lets its day
# run, and takes the pictures with headless Chromium. Needs: chromium and a Chinese font
# (apt-get install -y --no-install-recommends chromium fonts-noto-cjk). PORT=8090 and MINUTES=2 may be set.
set -eu
cd "$(dirname "$0")/.."
scripts/bootstrap.sh run
port=${PORT:-8090}
base=http://127.0.0.1:$port
home=$(mktemp -d "${TMPDIR:-/tmp}/yiwang-pictures-XXXXXX")
chmod 755 "$home" # the database runs as another account when we are root

YIWANG_HOME=$home YIWANG_PORT=$port YIWANG_LOG_LEVEL=warning .venv/bin/yiwang run >"$home/run.log" 2>&1 &
city=$!
finish() {
    kill "$city" 2>/dev/null || :
    wait "$city" 2>/dev/null || :
    rm -rf "$home"
}
trap finish EXIT INT TERM

waited=0
until curl -sf -o /dev/null "$base/readyz"; do
    waited=$((waited + 2))
    if [ $waited -gt 300 ] || ! kill -0 "$city" 2>/dev/null; then
        tail -n 20 "$home/run.log" >&2
        exit 1
    fi
    sleep 2
done
echo "the city is open; its day runs for ${MINUTES:-2} minutes …"
sleep $((${MINUTES:-2} * 60))

photograph() { # name, address, account, language, size
    .venv/bin/python scripts/screenshots.py "$base" "docs/images/$1.png" "$2" --size "${5:-1400x900}" --lang "$4" ${3:+--as "$3"}
}
photograph portal-zh / "" zh 390x844
photograph portal-en / "" en 390x844
photograph field-zh /field yangliuqing-worker1 zh 390x844
photograph desk-en /desk dispatcher1 en
photograph desk-zh /desk dispatcher1 zh
photograph case-en "case:state=closed&type=urban-case" leader1 en
photograph case-zh "case:state=closed&type=urban-case" leader1 zh
photograph centre-en /centre leader1 en
photograph centre-zh /centre leader1 zh
large=$(find docs/images -name '*.png' -size +300k)
if [ -n "$large" ]; then
    echo "too large for the repository (over 300 kB): $large" >&2
    exit 1
fi
