"""Fetches the pinned sources with apt, without touching the system's own package lists.

apt gets a private folder and one source entry: the suite of the pins on the mirror that this machine uses
already. So no address stands here, the site's proxies and mirrors are respected, and apt checks signatures.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .errors import BuildError
from .run import say
from .sources import PINS, SUITE, Pin, check_digests, missing_files

_KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")
_VANISHED = re.compile(r"not found|[Cc]an not find version|Unable to (?:find|locate)")
_OWN_CHECKOUT = "or set MPY_DIR to a MicroPython checkout with its submodules"


def fetch(folder: Path, pins: Sequence[Pin] = PINS) -> None:
    """Puts every pinned file into the folder and checks it; what is there already is not fetched again."""
    folder.mkdir(parents=True, exist_ok=True)
    lacking = [pin for pin in pins if missing_files(pin, folder)]
    if lacking:
        say(f"sources: fetching {', '.join(f'{pin.package} {pin.version}' for pin in lacking)}")
        with tempfile.TemporaryDirectory(dir=folder, prefix="apt-") as private:
            _fetch_with_apt(lacking, folder, Path(private))
    for pin in pins:
        check_digests(pin, folder)


def _fetch_with_apt(pins: Sequence[Pin], folder: Path, private: Path) -> None:
    options = private_options(private, private / "sources")
    _write_source_entry(private)
    _run(options, "update")
    arrived = private / "arrived"
    arrived.mkdir()
    for pin in pins:
        _fetch_one(pin, options, arrived)
        for name, _ in pin.files:
            os.replace(arrived / name, folder / name)


def private_options(private: Path, sources: Path | None) -> list[str]:
    """apt's options for a state of its own; with `sources` also its own source entries."""
    for part in ("state/lists/partial", "cache/archives/partial", "sources"):
        (private / part).mkdir(parents=True, exist_ok=True)
    settings = {
        "Dir::State": private / "state",
        "Dir::Cache": private / "cache",
        "Dir::State::status": "/var/lib/dpkg/status",
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "3",
    }
    if sources:
        settings |= {"Dir::Etc::SourceParts": sources, "Dir::Etc::SourceList": "/dev/null"}
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _write_source_entry(private: Path) -> None:
    lines = ["Types: deb deb-src", f"URIs: {mirror(private)}", f"Suites: {SUITE}", "Components: main"]
    keyring = next((Path("/usr/share/keyrings") / name for name in _KEYRINGS), None)
    if keyring and keyring.exists():
        lines.append(f"Signed-By: {keyring}")
    (private / "sources" / "pinned.sources").write_text("\n".join(lines) + "\n")


def mirror(private: Path) -> str:
    """The Debian mirror that this machine is configured for.

    A machine whose package lists were never fetched has nothing to say yet: they are then fetched into the
    private folder first.
    """
    found = _debian_mirrors([])
    if not found:
        options = private_options(private / "own", None)
        _run(options, "update")
        found = _debian_mirrors(options)
    if not found:
        raise BuildError(f"apt on this machine knows no Debian mirror: add one, {_OWN_CHECKOUT}", 2)
    return found[0]


def _debian_mirrors(options: Sequence[str]) -> list[str]:
    listed = _apt([*options, "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL)"]).stdout
    return mirrors_in(listed)


def mirrors_in(listed: str) -> list[str]:
    """The archive's own addresses among apt's targets: not those of security updates, backports or others."""
    rows = [line.split(" ") for line in listed.splitlines()]
    return list(dict.fromkeys(row[0] for row in rows if row[1:] == ["Debian", "Debian"]))


def _fetch_one(pin: Pin, options: Sequence[str], folder: Path) -> None:
    wanted = f"{pin.package}={pin.version}"
    words = ["download", wanted] if pin.binary else ["source", "--download-only", wanted]
    result = _apt([*options, *words], folder)
    if result.returncode or missing_files(pin, folder):
        raise BuildError(failure(pin, result.stderr + result.stdout))


def failure(pin: Pin, output: str) -> str:
    """One line for a package that did not come: it has gone from the mirror, or apt's own reason."""
    if _VANISHED.search(output) or not _last_error(output):
        return (
            f"{pin.package} {pin.version} is no longer on the Debian mirror: "
            f"update its pin in boards/build/sources.py, {_OWN_CHECKOUT}"
        )
    return f"{pin.package} {pin.version} could not be fetched: {_last_error(output)}"


def _last_error(output: str) -> str:
    errors = [line[3:] for line in output.splitlines() if line.startswith("E: ")]
    return errors[0] if errors else ""


def _run(options: Sequence[str], word: str) -> None:
    result = _apt([*options, word])
    failed = [line for line in result.stderr.splitlines() if re.match(r"[EW]: (?:Failed|Some index)", line)]
    if result.returncode or failed:
        why = _last_error(result.stderr) or (failed[0] if failed else "no reason given")
        raise BuildError(f"the Debian mirror cannot be read: {why}; check the network, {_OWN_CHECKOUT}")


def _apt(words: Sequence[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    if not shutil.which("apt-get"):
        raise BuildError(f"the pinned sources come through apt, which is not here: use Debian, {_OWN_CHECKOUT}", 2)
    environment = os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(["apt-get", *words], cwd=cwd, env=environment, capture_output=True, text=True)
