#!/bin/sh
# GDAL's command-line programs for the tests of open data: Debian's gdal-bin, installed where we are root and it is not there.
# Without them those tests are skipped and say so.
set -eu
if command -v ogrinfo >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "yiwang: installing gdal-bin for the tests of open data (apt-get, 30-80 MB) …" >&2
    log=$(mktemp)
    options="-o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0"
    # shellcheck disable=SC2086  # the options are words
    if { [ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ] || apt-get $options -qq update; } >"$log" 2>&1 &&
        LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get $options install -y -qq --no-install-recommends gdal-bin \
            >>"$log" 2>&1
    then
        rm -f "$log"
        exit 0
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
fi
echo "yiwang: no ogrinfo here; the tests with GDAL will be skipped" >&2
