"""What must hold of frozen native code for ARMv6-M, or it computes with other values than its source, silently.

It lies on words, or its constants are read beside their place: ARMv6-M takes a constant beyond 16 bits from `PC rounded
down to a word + offset` (ARMv6-M Architecture Reference Manual, LDR literal), and MicroPython 1.25 freezes such code on
half words (tools/mpy-tool.py). Which functions are wrong changes with every change of the source.

Its module has few names: a native function reads a name from its module's table at an offset, and from the 288th on the
code that MicroPython 1.25 makes for it leaves the table's address out (asm_thumb_add_reg_reg_offset, py/asmthumb.c).
Another name is then looked up, or none.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from .errors import BuildError
from .run import clean_environment

_PREFIX = "fun_data_"  # what MicroPython calls a frozen function
_CODE = "tT"  # nm's letters for what is executed; byte code is data
_WORD = 4
NAMES_MAX = 287
_MPY = b"M\x06"
_ARCH_SHIFT, _ARCH_MASK = 2, 15  # in the third byte of a .mpy file; 0: no native code in it


def beside_words(symbols: str) -> Iterator[tuple[str, int]]:
    """(function, address) of each frozen native one that lies on no word, from the output of nm."""
    for line in symbols.splitlines():
        address, kind, name = line.split()[-3:] if len(line.split()) >= 3 else ("0", "", "")
        if name.startswith(_PREFIX) and kind in _CODE and int(address, 16) % _WORD:
            yield name.removeprefix(_PREFIX), int(address, 16)


def symbols_of(elf: Path) -> str:
    """What nm says of an image. Raises BuildError when it cannot."""
    try:
        done = subprocess.run(["arm-none-eabi-nm", str(elf)], capture_output=True, text=True, env=clean_environment())
    except FileNotFoundError as error:
        raise BuildError("arm-none-eabi-nm is not installed (package binutils-arm-none-eabi)", 2) from error
    if done.returncode:
        raise BuildError(f"arm-none-eabi-nm: {done.stderr.strip()[:200]}")
    return done.stdout


def names_in(mpy: bytes) -> tuple[bool, int]:
    """Whether a frozen module has native code, and how many names its table has (header of a .mpy file, version 6)."""
    if mpy[:2] != _MPY:
        raise BuildError("a frozen module is no .mpy file of version 6: has MicroPython another format?")
    count = 0
    for byte in mpy[4:]:
        count = count << 7 | byte & 0x7F
        if not byte & 0x80:
            return bool(mpy[2] >> _ARCH_SHIFT & _ARCH_MASK), count
    raise BuildError("a frozen module ends within its head: build again")


def check_names(folder: Path) -> None:
    """Raises BuildError when a module with native code, frozen from `folder`, has more names than it can reach."""
    modules = sorted(folder.rglob("*.mpy"))
    if not modules:
        raise BuildError(f"no frozen module in {folder.name}: has MicroPython's build another layout?")
    for path in modules:
        native, count = names_in(path.read_bytes())
        if native and count > NAMES_MAX:
            name = path.relative_to(folder).with_suffix(".py")
            raise BuildError(
                f"{name}: {count} names in a module with native code, the most is {NAMES_MAX}: beyond that MicroPython "
                "looks up wrong ones; move a part of it into a module of its own"
            )


def check(elf: Path) -> None:
    """Raises BuildError when an image's native functions would compute with wrong constants."""
    symbols = symbols_of(elf)
    if _PREFIX not in symbols:
        raise BuildError(f"{elf.name}: no frozen function in what arm-none-eabi-nm says of it")
    wrong = list(beside_words(symbols))
    if wrong:
        name, address = wrong[0]
        raise BuildError(
            f"{elf.name}: native code beside a word, {len(wrong)} functions, first {name} at 0x{address:08x}: they "
            "would compute with wrong constants; mpconfigboard.cmake has to include boards/build/native_code.cmake"
        )
