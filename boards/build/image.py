"""The image of a board: boards/<name>/ and the firmware -> build/<name>/firmware.uf2."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from . import checksum, frozen, native_code, room, system, toolchain
from .errors import BuildError
from .paths import BUILD, ROOT, shown
from .run import locked, logged, say, start_log
from .stamp import Job, up_to_date, write_stamp

# What the boot loader of each chip accepts, and where its flash begins.
_UF2_FAMILY = {"rp2040": "0xe48bff56", "rp2350": "0xe48bff59"}
_FLASH_START = "0x10000000"
_FLASH_KB = 2048  # of a Pico; its file system takes the end of it
_ARTIFACTS = ("firmware.bin", "firmware.elf", "firmware.elf.map")


def boards() -> list[str]:
    """The boards that an image can be built for."""
    return sorted(path.parent.name for path in ROOT.glob("boards/*/mpconfigboard.cmake"))


def build(board: str, firmware: Path) -> Path:
    """Builds the image and returns its path; at once when nothing has changed.

    Raises BuildError (code 2 for an unknown board or nothing to freeze, 1 for a build that failed).
    """
    if board not in boards():
        raise BuildError(f"no board {board!r} in boards/: there is {', '.join(boards())}", 2)
    out = BUILD / board
    with locked(out / "lock", shown(out)):
        return _build_locked(board, firmware, out)


def _build_locked(board: str, firmware: Path, out: Path) -> Path:
    folder = ROOT / "boards" / board
    firmware, packages = frozen.source_of(folder, firmware)
    contents = frozen.collect(firmware, folder, packages)
    job = Job.of(contents, toolchain.described(), frozen.git_state(firmware, folder))
    image = out / "firmware.uf2"
    if up_to_date(out, job, image):
        say(f"firmware: {shown(image)} is up to date ({job.version} {job.build_hash})")
        return image
    system.ensure(system.needed())
    chain = toolchain.prepared()
    start_log(board)
    _compile(board, contents, job, chain, out)
    write_stamp(out, job)
    size_kb = (out / "firmware.bin").stat().st_size // 1024
    say(f"firmware: {shown(image)}, {size_kb} KB, {job.version} {job.build_hash} ({job.git})")
    return image


def _compile(board: str, contents: frozen.Contents, job: Job, chain: toolchain.Toolchain, out: Path) -> None:
    cmake_dir, stage = out / "cmake", out / "stage"
    job.forget_if_foreign(out, cmake_dir)
    files = contents.frozen | {
        frozen.BUILD_INFO: frozen.build_info(job.version, job.build_hash, job.git, contents.core)
    }
    if frozen.stage(files, stage):
        # The freezing step looks for newer files only: it would keep a module that is gone.
        (cmake_dir / "frozen_content.c").unlink(missing_ok=True)
    if not (cmake_dir / "Makefile").is_file():
        say(f"firmware: building {board} from scratch (about a minute)")
        _configure(board, chain, cmake_dir, stage)
        job.claim(cmake_dir)
    logged(f"building {board}", ["make", "-C", cmake_dir, f"-j{os.cpu_count() or 1}"], board)
    _deliver(board, chain, cmake_dir, out)


def _configure(board: str, chain: toolchain.Toolchain, cmake_dir: Path, stage: Path) -> None:
    shutil.rmtree(cmake_dir, ignore_errors=True)
    settings: dict[str, str | Path] = {
        "PICO_BUILD_DOCS": "0",
        "PICO_NO_PICOTOOL": "1",
        "MICROPY_BOARD": board,
        "MICROPY_BOARD_DIR": ROOT / "boards" / board,
        "MICROPY_LIB_DIR": library_dir(cmake_dir.parent),
        "MICROPY_MANIFEST_STAGE_DIR": stage,
        "Python3_EXECUTABLE": sys.executable,
    }
    if chain.sdk:
        settings["PICO_SDK_PATH_OVERRIDE"] = chain.sdk
    defines = [f"-D{name}={value}" for name, value in settings.items()]
    port = chain.mpy / "ports/rp2"
    logged(f"configuring {board}", ["cmake", "-S", port, "-B", cmake_dir, *defines], board, cwd=port)


def library_dir(out: Path) -> Path:
    """The micropython-lib that MPY_LIB_DIR names, or an empty one, with the README that is asked for."""
    own = os.environ.get("MPY_LIB_DIR")
    if own and not (Path(own) / "README.md").is_file():
        raise BuildError(f"MPY_LIB_DIR={own}: no README.md in it; name the top folder of micropython-lib", 2)
    if own:
        return Path(own).resolve()
    empty = out / "no-micropython-lib"
    empty.mkdir(parents=True, exist_ok=True)
    (empty / "README.md").touch()
    return empty


def _deliver(board: str, chain: toolchain.Toolchain, cmake_dir: Path, out: Path) -> None:
    """Makes the UF2 and puts the results in place, the UF2 last and in one move."""
    native_code.check_names(cmake_dir / "frozen_mpy")
    native_code.check(cmake_dir / "firmware.elf")
    image = (cmake_dir / "firmware.bin").read_bytes()
    room.check(ROOT / "boards" / board, len(image))
    sealed = cmake_dir / "sealed.bin"
    sealed.write_bytes(checksum.sealed(image))
    uf2 = cmake_dir / "firmware.uf2"
    words: list[str | Path] = [
        "-c",
        "-f",
        _UF2_FAMILY[_chip(board)],
        "-b",
        _FLASH_START,
        sealed,
        "-o",
        uf2,
    ]
    logged("making the UF2", [sys.executable, chain.mpy / "tools/uf2conv.py", *words], board)
    for name in _ARTIFACTS:
        shutil.copy2(cmake_dir / name, out / name)
    shutil.copy2(sealed, out / "firmware.bin")
    uf2.replace(out / "firmware.uf2")


def _chip(board: str) -> str:
    text = (ROOT / "boards" / board / "mpconfigboard.cmake").read_text()
    found = re.search(r'PICO_PLATFORM\s+"?(rp2\d+)', text)
    if not found or found[1] not in _UF2_FAMILY:
        raise BuildError(f"boards/{board}/mpconfigboard.cmake: PICO_PLATFORM has to be rp2040 or rp2350", 2)
    return found[1]
