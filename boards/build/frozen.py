"""What goes into an image: its files, the hash that names them, and the staged copy that is frozen.

The pump's tables go in as data (tables.py). Freezing works from a copy that this module writes, never from the
working tree: so the hash is that of the very bytes in the image, even if someone edits meanwhile or restores a file
with an old time stamp.
"""

from __future__ import annotations

import hashlib
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .errors import BuildError
from .paths import ROOT
from .read_names import without_unread
from .tables import frozen_tables

PACKAGES = ("pump", "oximeters", "drivers")
SHARED = Path(__file__).parent  # its CMake files and headers belong to every board
BUILD_INFO = "build_info.py"


@dataclass(frozen=True)
class Contents:
    """The files to freeze (name in the image -> bytes) and the board's own files that shape the image."""

    frozen: dict[str, bytes]
    board: dict[str, bytes]
    core: str = ""  # the name of the core's sources

    def build_hash(self, toolchain: str) -> str:
        """Eight hex digits of SHA-256 over every file and what it is built with."""
        digest = hashlib.sha256(toolchain.encode())
        for kind, files in (("frozen", self.frozen), ("board", self.board)):
            for name in sorted(files):
                digest.update(f"\n{kind} {name} {len(files[name])}\n".encode())
                digest.update(files[name])
        return digest.hexdigest()[:8]


def source_of(board: Path, firmware: Path) -> tuple[Path, tuple[str, ...]]:
    """Where a board's firmware is and its packages: the pump's, or the board's own in its folder firmware/."""
    own = board / "firmware"
    if not own.is_dir():
        return firmware, PACKAGES
    return own, tuple(sorted(path.parent.name for path in own.glob("*/__init__.py")))


def collect(firmware: Path, board: Path, packages: tuple[str, ...], with_main: bool = True) -> Contents:
    """Reads everything that shapes an image. Raises BuildError when the firmware has nothing to freeze."""
    frozen: dict[str, bytes] = {}
    for package in packages:
        for path in sorted((firmware / package).rglob("*.py")):
            frozen[path.relative_to(firmware).as_posix()] = path.read_bytes()
    frozen |= frozen_tables(firmware) if "pump" in packages else {}
    if not frozen and not (firmware / "main.py").is_file():
        raise BuildError(f"nothing to freeze in {firmware}: it needs main.py or a package of {', '.join(packages)}", 2)
    if with_main:
        frozen |= _if_there(firmware / "main.py", "main.py")
        frozen |= {name: path.read_bytes() for name, path in board_modules(board).items()}
        frozen = without_unread(frozen)
    return Contents(frozen, board_files(board), core_hash(firmware) if "pump" in packages else "")


def _if_there(path: Path, name: str) -> dict[str, bytes]:
    return {name: path.read_bytes()} if path.is_file() else {}


def board_modules(board: Path) -> dict[str, Path]:
    """The board's own modules by their name in the image: pins.py is board_pins.py; boot.py stays boot.py."""
    paths = [path for path in board.glob("*.py") if path.name != "manifest.py"]
    return {path.name if path.name == "boot.py" else f"board_{path.name}": path for path in paths}


def board_files(board: Path) -> dict[str, bytes]:
    """The board's definition: its folder without documents and what is frozen of it, and what all boards share."""
    found = [path for path in board.rglob("*") if path.is_file() and path.suffix not in (".md", ".pyc", ".yaml")]
    modules = board_modules(board).values()
    own, _ = source_of(board, board)
    paths = [path for path in found if path not in modules and (own == board or own not in path.parents)]
    shared = {f"build/{path.name}": path for suffix in ("cmake", "h") for path in SHARED.glob(f"*.{suffix}")}
    own_files = {path.relative_to(board).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in (own_files | shared).items()}


def build_info(version: str, build_hash: str, git: str, core: str = "") -> bytes:
    """The module that says in the image what the image is."""
    return f'VERSION = "{version}"\nBUILD_HASH = "{build_hash}"\nGIT = "{git}"\nCORE = "{core}"\n'.encode()


def core_hash(firmware: Path) -> str:
    """Names the core by its sources, eight hex digits; `toleramp replay` works it out of its own in the same way."""
    digest = hashlib.sha256()
    for package in ("pump", "oximeters"):
        for path in sorted((firmware / package).rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(firmware).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:8]


def project_version(root: Path = ROOT) -> str:
    """The version in pyproject.toml; 0 when there is none."""
    path = root / "pyproject.toml"
    if not path.is_file():
        return "0"
    return str(tomllib.loads(path.read_text()).get("project", {}).get("version", "0"))


def git_state(firmware: Path, board: Path) -> str:
    """The last commit that touched what is in the image, with +dirty when the files differ from it.

    Not the newest commit: a change to a document must not make another image.
    """
    where = ["--", str(firmware), str(board)]
    commit = _git(firmware, ["log", "-1", "--format=%h", "--abbrev=10", *where])
    if commit is None:
        return "unknown"
    dirty = _git(firmware, ["status", "--porcelain", *where])
    return (commit or "uncommitted") + ("+dirty" if dirty and commit else "")


def _git(folder: Path, words: list[str]) -> str | None:
    try:
        result = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def stage(files: dict[str, bytes], folder: Path) -> bool:
    """Makes the folder hold exactly these files, rewriting only what differs; True when one had to go.

    What is unchanged keeps its time stamp, so that only changed modules are compiled again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    extra = [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).as_posix() not in files]
    for path in extra:
        path.unlink()
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    return bool(extra)
