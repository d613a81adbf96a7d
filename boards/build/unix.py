"""MicroPython for Unix with the core frozen and integers of 31 bits, from the same sources: build/unix/micropython."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from . import frozen, system, toolchain
from .image import library_dir
from .paths import BUILD, ROOT, shown
from .run import locked, logged, say, start_log
from .stamp import Job, up_to_date, write_stamp

_PACKAGES = ("pump", "oximeters")
# mpy-cross makes native code for these hosts; elsewhere the modules are frozen as bytecode.
_MPY_ARCH = {"x86_64": "x64", "i686": "x86"}


def build(firmware: Path) -> Path:
    """Builds the interpreter and returns its path; at once when nothing has changed. Raises BuildError."""
    out = BUILD / "unix"
    with locked(out / "lock", shown(out)):
        return _build_locked(firmware, out)


def _build_locked(firmware: Path, out: Path) -> Path:
    folder = ROOT / "boards/unix"
    contents = frozen.collect(firmware, folder, _PACKAGES, with_main=False)
    job = Job.of(contents, toolchain.described(), frozen.git_state(firmware, folder))
    program = out / "micropython"
    if up_to_date(out, job, program):
        say(f"unix: {shown(program)} is up to date ({job.version} {job.build_hash})")
        return program
    system.ensure(system.needed(firmware=False))
    chain = toolchain.prepared()
    start_log("unix")
    _compile(contents, job, chain, out)
    write_stamp(out, job)
    say(f"unix: {shown(program)}, {job.version} {job.build_hash} ({job.git})")
    return program


def _compile(contents: frozen.Contents, job: Job, chain: toolchain.Toolchain, out: Path) -> None:
    work, stage = out / "make", out / "stage"
    job.forget_if_foreign(out, work)
    files = contents.frozen | {
        frozen.BUILD_INFO: frozen.build_info(job.version, job.build_hash, job.git, contents.core)
    }
    if frozen.stage(files, stage):
        (work / "frozen_content.c").unlink(missing_ok=True)
    if not work.is_dir():
        say("unix: building MicroPython for Unix (about half a minute)")
        job.claim(work)
    logged("building MicroPython for Unix", _make(chain, work, stage, out), "unix")
    part = out / "micropython.part"
    part.write_bytes((work / "micropython").read_bytes())
    part.chmod(0o755)
    part.replace(out / "micropython")


def _make(chain: toolchain.Toolchain, work: Path, stage: Path, out: Path) -> list[str | Path]:
    arch = _MPY_ARCH.get(platform.machine())
    settings = {
        "BUILD": work,
        "PYTHON": sys.executable,
        "MICROPY_PY_SSL": "0",
        "MICROPY_PY_BTREE": "0",
        "MICROPY_PY_FFI": "0",
        "MPY_CROSS_FLAGS": f"-march={arch}" if arch else "",
        "MPY_LIB_DIR": library_dir(out),
        "VARIANT_DIR": ROOT / "boards/unix/variant",
        "FROZEN_MANIFEST": ROOT / "boards/unix/manifest.py",
        "BOARD_DIR": stage,  # the port has no boards: the manifest finds the staged files under this name
    }
    defines = [f"{name}={value}" for name, value in settings.items()]
    return ["make", "-C", chain.mpy / "ports/unix", f"-j{os.cpu_count() or 1}", *defines]
