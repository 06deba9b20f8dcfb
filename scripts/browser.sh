#!/bin/sh
# A browser for the tests of the web application: Debian's Chromium without a window (half the work of the whole browser),
# with a Chinese font, installed where we are root and it is not there; else the Chromium that there is. Without any those
# tests are skipped and say so.
set -eu
if command -v chromium-headless-shell >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "yiwang: installing chromium for the tests of the web application (apt-get, 80 MB) …" >&2
    log=$(mktemp)
    options="-o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0"
    for package in chromium-headless-shell chromium; do
        if [ "$package" = chromium ] && command -v chromium >/dev/null 2>&1; then break; fi
        if { [ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ] || apt-get $options -qq update; } >"$log" 2>&1 &&
            LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get $options install -y -qq --no-install-recommends \
                "$package" fonts-noto-cjk >>"$log" 2>&1
        then
            rm -f "$log"
            exit 0
        fi
    done
    tail -n 5 "$log" >&2
    rm -f "$log"
fi
for program in chromium chromium-browser google-chrome; do
    if command -v "$program" >/dev/null 2>&1; then exit 0; fi
done
echo "yiwang: no chromium here; the tests of the web application will be skipped" >&2
