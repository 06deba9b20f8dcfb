#!/bin/sh
# Make .venv ready: `scripts/bootstrap.sh run` for running, `scripts/bootstrap.sh dev` for tests and checks as well.
#
# Installs exactly requirements/{build,run,dev}.txt, by hash, and this checkout as an editable package. Does nothing when
# that has been done already for the same files. Needs Python 3.11 or later; on Debian and Ubuntu gets by without the
# packages python3-venv and python3-pip, with and without root. Package index, mirror and proxies are those that pip
# (or uv, where present), apt and the environment are configured with. PYTHON=… chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}
venv=.venv
work=

say() { printf 'yiwang: %s\n' "$1" >&2; }
fail() { printf 'yiwang: %s\n' "$@" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }
has_apt() { have apt-get && have dpkg; }
recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
cleanup() { if [ -n "$work" ]; then rm -rf "$work"; fi; }
trap cleanup EXIT

# What the stamp of a finished installation says.
expected() {
    { pwd; cat requirements/build.txt "requirements/$1.txt" pyproject.toml; } | cksum
}

done_already() { # dev holds all of run
    for kind in "$what" dev; do
        stamp="$venv/.installed-$kind"
        if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(expected "$kind")" ] && "$venv/bin/python" -c '' 2>/dev/null; then
            return 0
        fi
    done
    return 1
}

apt_install() { # waits for others that hold apt's lock; quiet unless it fails
    say "installing $* (apt-get) …"
    log=$(mktemp)
    options="-o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0"
    if { [ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ] || apt-get $options -qq update; } >"$log" 2>&1 &&
        LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get $options install -y -qq --no-install-recommends "$@" >>"$log" 2>&1
    then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if have "$candidate" && recent "$candidate"; then command -v "$candidate"; return; fi
    done
    if [ -z "${PYTHON:-}" ] && is_root && has_apt; then
        apt_install python3 python3-venv
        if recent python3; then command -v python3; return; fi
    fi
    fail "Python 3.11 or later is needed. 需要 Python 3.11 或更高版本。" \
        "  Debian 12+, Ubuntu 24.04+:  sudo apt-get install -y python3 python3-venv" \
        "  Fedora:                     sudo dnf install -y python3" \
        "  macOS:                      brew install python@3.13" \
        "  elsewhere:                  make PYTHON=/path/to/python3.12 run"
}

# pip's wheel from Debian's package, without installing that package; $1 is the interpreter.
venv_with_debians_wheel() {
    work=$(mktemp -d)
    private="-o Dir::State=$work/apt -o Dir::State::lists=$work/apt/lists -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache=$work/apt/cache -o APT::Sandbox::User= -o Debug::NoLocking=1"
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    (
        cd "$work"
        apt-get -qq download python3-pip-whl >/dev/null 2>&1 || {
            apt-get $private -qq update >&2
            apt-get $private -qq download python3-pip-whl >&2
        }
        dpkg -x ./*.deb .
    )
    wheel=$(ls "$work"/usr/share/python-wheels/pip-*.whl)
    "$1" -m venv --without-pip "$venv"
    "$venv/bin/python" "$wheel/pip" install -q --no-index "$wheel"
}

make_venv() {
    python=$(find_python)
    say "making $venv with $("$python" -V) …"
    rm -rf "$venv"
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv "$venv"
    elif have uv && uv venv -q --seed --python "$python" "$venv"; then
        :
    elif has_apt && is_root; then
        version=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        apt_install "$version" || apt_install python3-venv
        "$python" -m venv "$venv"
    elif has_apt; then
        venv_with_debians_wheel "$python"
    else
        fail "$python has no ensurepip; install your system's package for venv, or uv, and try again."
    fi
}

usable() { [ -x "$venv/bin/python" ] && recent "$venv/bin/python" && "$venv/bin/python" -m pip -V >/dev/null 2>&1; }

install_packages() {
    files="-r requirements/build.txt -r requirements/run.txt"
    [ "$what" = run ] || files="-r requirements/build.txt -r requirements/dev.txt"
    say "installing the Python packages of requirements/$what.txt (usually 5-60 s) …"
    if have uv; then # an index that pip is configured with holds for uv too
        index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || :)}}
        if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
        if uv pip install -q --python "$venv/bin/python" --require-hashes $files; then return; fi
        say "uv did not succeed; trying pip …"
    fi
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --require-hashes $files
}

case $what in run | dev) ;; *) fail "usage: scripts/bootstrap.sh run|dev" ;; esac
if done_already; then exit 0; fi
if have flock; then # two terminals at once: the second waits
    exec 9>.venv.lock
    flock 9
    if done_already; then exit 0; fi
fi
usable || make_venv
rm -f "$venv"/.installed-*
install_packages
"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
expected "$what" >"$venv/.installed-$what"
say "$venv is ready"
