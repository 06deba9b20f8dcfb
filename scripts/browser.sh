#!/bin/sh
# A browser for the tests of the web application: Debian's Chromium with a Chinese font, installed where we are root and
# none is there. Without it those tests are skipped and say so.
set -eu
for program in chromium chromium-browser google-chrome; do
    if command -v "$program" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "yiwang: installing chromium for the tests of the web application (apt-get, 80 MB) …" >&2
    log=$(mktemp)
    options="-o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0"
    if { [ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ] || apt-get $options -qq update; } >"$log" 2>&1 &&
        LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get $options install -y -qq --no-install-recommends \
            chromium fonts-noto-cjk >>"$log" 2>&1
    then
        rm -f "$log"
        exit 0
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
fi
echo "yiwang: no chromium here; the tests of the web application will be skipped" >&2
