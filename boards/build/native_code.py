"""Where the native code of frozen modules lies in an image: on words, or its constants are read beside their place.

ARMv6-M takes a constant beyond 16 bits from `PC rounded down to a word + offset` (ARMv6-M Architecture Reference
Manual, LDR literal). MicroPython 1.25 freezes such code on half words (tools/mpy-tool.py), and the function then
computes with another number: silently, and in other functions after each change of the source.
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


def check(elf: Path) -> None:
    """Raises BuildError when an image's native functions would compute with wrong constants."""
    wrong = list(beside_words(symbols_of(elf)))
    if wrong:
        name, address = wrong[0]
        raise BuildError(
            f"{elf.name}: native code beside a word, {len(wrong)} functions, first {name} at 0x{address:08x}: they "
            "would compute with wrong constants; native_code_on_words.h of the board has to reach frozen_content.c"
        )
