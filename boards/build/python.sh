#!/bin/sh
# Finds a Python of at least 3.11 (PYTHON=... names another) and runs it with the given arguments.
fits() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

run_with_first_that_fits() {
    for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if fits "$python"; then exec "$python" -B "$@"; fi
    done
}

run_with_first_that_fits "$@"
if command -v python3 >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1 || [ "${NO_INSTALL:-0}" != 0 ]; then
    echo "setup: no Python 3.11 or newer here: install one, or name it with PYTHON=..." >&2
    exit 2
fi
echo "setup: installing missing system packages: python3 python3-venv"
if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo -n"; fi
$as_root apt-get update -q >/dev/null 2>&1
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3 python3-venv \
    >/dev/null 2>&1
run_with_first_that_fits "$@"
echo "setup: Python 3.11 could not be installed: as root, run: apt-get install python3 python3-venv" >&2
exit 2
