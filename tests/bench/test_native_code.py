"""Native code in the image computes with the constants of its source: it lies on words (boards.build.native_code)."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from boards.build import image as building
from boards.build import native_code, toolchain
from boards.build.errors import BuildError

from pump.session.bags import Bags
from toleramp_bench.boards.emulator import Board, Repl
from toleramp_bench.places import ROOT

BOARDS = sorted(path.parent.name for path in (ROOT / "boards").glob("*_pico/mpconfigboard.cmake"))
CODES = ("T1R-A-0001", "T1R-B-0001", "T1R-C-0001")
SESSIONS = (0, 1, 2, 41, 1_000, 16_383)
ORDERS = f"""
from pump.session.bags import Bags
class Thing: pass
def thing(**values):
    made = Thing()
    for name in values: setattr(made, name, values[name])
    return made
case = thing(progress=thing(entries=0, wrong_bags=0, session=0))
bags = Bags(case)
bags.adopt(thing(solutions=[thing(code=code) for code in {CODES!r}]))
for case.progress.session in {SESSIONS!r}:
    for case.progress.entries in range(4):
        bags._shuffle()
        print(list(bags._order))
"""


def elf_of(board: str) -> Path:
    """What the image was made of."""
    elf = ROOT / "build" / board / "firmware.elf"
    if not elf.is_file():
        pytest.skip(f"not run: no {elf.relative_to(ROOT)}")
    return elf


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("board", BOARDS)
def test_every_native_function_of_an_image_lies_on_a_word(board: str) -> None:
    """Else a limit, a time or a code is another number than in the source, in this build or in the next."""
    symbols = native_code.symbols_of(elf_of(board))
    native = [line for line in symbols.splitlines() if " t fun_data_" in line]
    assert native, "no native code found: has nm's output another form?"
    assert not list(native_code.beside_words(symbols))


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("address", ["10071a32", "10071a35", "10071a37"])
def test_one_beside_a_word_is_named(address: str) -> None:
    """Byte code is data and may lie anywhere; other people's code is their compiler's affair."""
    listed = f"10071a30 t fun_data_a\n10071a32 r fun_data_byte_code\n{address} t fun_data_b\n{address} T memcpy\n U x\n"
    assert list(native_code.beside_words(listed)) == [("b", int(address, 16))]


def mpy(names: int, native: bool = True) -> bytes:
    """The head of a .mpy file."""
    return bytes((ord("M"), 6, (4 if native else 0) << 2, 31, 0x80 | names >> 7, names & 0x7F, 0))


@pytest.mark.req("INT-4")
def test_a_module_with_too_many_names_is_named(tmp_path: Path) -> None:
    """Else its native functions look up other names, or none: a scan that raises, or decides by another value."""
    (tmp_path / "pump").mkdir()
    for names, native in ((native_code.NAMES_MAX, True), (1_000, False)):
        (tmp_path / "pump" / "a.mpy").write_bytes(mpy(names, native))
        native_code.check_names(tmp_path)
    (tmp_path / "pump" / "a.mpy").write_bytes(mpy(native_code.NAMES_MAX + 1))
    with pytest.raises(BuildError, match="pump/a.py: 288 names in a module with native code, the most is 287"):
        native_code.check_names(tmp_path)


@pytest.mark.req("INT-4")
def test_a_check_that_finds_nothing_to_check_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else another version of MicroPython switches it off, and nobody notices."""
    with pytest.raises(BuildError, match="no frozen module in"):
        native_code.check_names(tmp_path)
    for head in (b"", b"M", mpy(5)[:5], b"X" + mpy(5)[1:], b"M\x05" + mpy(5)[2:]):
        (tmp_path / "a.mpy").write_bytes(head)
        with pytest.raises(BuildError, match="a frozen module"):
            native_code.check_names(tmp_path)
    monkeypatch.setattr(native_code, "symbols_of", lambda elf: "10071a32 t main\n")
    with pytest.raises(BuildError, match="no frozen function"):
        native_code.check(tmp_path / "firmware.elf")


MANY = """import micropython
{names}
@micropython.native
def last():
    return n{last}
print(last())
"""


def compiled(folder: Path, names: int) -> bytes:
    """A module with so many names whose native function returns the last of them, its number."""
    compiler = toolchain.described().mpy / "mpy-cross" / "build" / "mpy-cross"
    if not compiler.is_file():
        pytest.skip("not run: no mpy-cross")
    count = names - 5  # micropython, native, last, print, and the file's own
    source = folder / "many.py"
    source.write_text(MANY.format(names="\n".join(f"n{k} = {k}" for k in range(count)), last=count - 1))
    subprocess.run([compiler, "-march=armv6m", source], check=True)
    content = source.with_suffix(".mpy").read_bytes()
    assert native_code.names_in(content) == (True, names)
    return content


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("names", [40, native_code.NAMES_MAX - 1, native_code.NAMES_MAX])
def test_so_many_names_are_reached(fresh: tuple[Board, Repl], tmp_path: Path, names: int) -> None:
    """Else the bound is somebody's word: the compiler's own output, imported on the board."""
    content, repl = compiled(tmp_path, names), fresh[1]
    repl.run("f = open('/many.mpy', 'wb')")
    for at in range(0, len(content), 512):
        repl.run(f"f.write({content[at : at + 512]!r})")
    repl.run("f.close()")
    assert repl.run("import sys\nsys.path.append('/')\nimport many").strip() == str(names - 6)


@pytest.mark.req("INT-4")
def test_such_an_image_is_not_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else somebody flashes it."""
    monkeypatch.setattr(native_code, "symbols_of", lambda elf: "10071a32 t fun_data_b\n")
    chain = SimpleNamespace(mpy=tmp_path)
    (tmp_path / "frozen_mpy").mkdir()
    (tmp_path / "frozen_mpy" / "a.mpy").write_bytes(mpy(3))
    with pytest.raises(BuildError, match="1 functions, first b at 0x10071a32: they would compute with wrong constants"):
        building._deliver("pump_pico", chain, tmp_path, tmp_path / "out")  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


@pytest.mark.req("INT-4")
def test_the_image_computes_as_the_source_says(fresh: tuple[Board, Repl]) -> None:
    """39,193 and 12,345 of the order of the codes are beyond what an instruction holds: both were wrong once."""
    progress = SimpleNamespace(entries=0, wrong_bags=0, session=0)
    bags = Bags(SimpleNamespace(progress=progress))
    bags.adopt(SimpleNamespace(solutions=[SimpleNamespace(code=code) for code in CODES]))
    expected = []
    for progress.session in SESSIONS:
        for progress.entries in range(4):
            bags._shuffle()
            expected.append(str(list(bags._order)))
    assert fresh[1].run(ORDERS).splitlines() == expected
