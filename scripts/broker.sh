#!/bin/sh
# An MQTT broker for the demo and the tests: the system's mosquitto where there is one; else Debian's packages, unpacked into
# YIWANG_HOME/mqtt-root (default .yiwang), without installing anything: no root needed, and no service begins to run.
set -eu
root=${YIWANG_HOME:-.yiwang}/mqtt-root
PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin
if command -v mosquitto >/dev/null 2>&1 || [ -x "$root/usr/sbin/mosquitto" ]; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
    echo "yiwang: no mosquitto here; install it by your system's means, or name a broker in YIWANG_GATEWAY_MQTT_BROKER" >&2
    exit 0
fi
echo "yiwang: fetching mosquitto for MQTT devices (1 MB) …" >&2
"$(dirname "$0")/debian_unpack.sh" --needs "$root" mosquitto ||
    echo "yiwang: mosquitto could not be fetched; MQTT devices wait until scripts/broker.sh finds one" >&2
