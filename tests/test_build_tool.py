"""The build tool: pins and digests, the build hash, staging, missing tools and its messages. No network."""

from __future__ import annotations

import ast
import hashlib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from boards.build import __main__ as command
from boards.build import debian, flash, frozen, image, paths, room, run, sources, stamp, system, tables, toolchain
from boards.build.errors import BuildError


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    return write(
        tmp_path / "firmware",
        {"main.py": "import pump\n", "pump/__init__.py": "", "pump/guard.py": "A = 1\n"},
    )


@pytest.fixture
def board(tmp_path: Path) -> Path:
    files = {
        "mpconfigboard.h": "#define X 1\n",
        "pins.py": "STEP = 2\n",
        "boot.py": "import sys\n",
        "README.md": "x",
    }
    return write(tmp_path / "board", files)


def build_hash(firmware: Path, board: Path, chain: str = "pins") -> str:
    return frozen.collect(firmware, board, frozen.PACKAGES).build_hash(chain)


# Pins and digests


def one_pin(folder: Path, content: bytes = b"source") -> sources.Pin:
    (folder / "a.tar").write_bytes(content)
    return sources.Pin("a", "1-1", False, (("a.tar", hashlib.sha256(b"source").hexdigest()),))


def test_every_pin_has_an_exact_version_and_full_digests() -> None:
    for pin in sources.PINS:
        assert pin.version and pin.files
        assert all(len(digest) == 64 and int(digest, 16) for _, digest in pin.files)


def test_right_file_passes(tmp_path: Path) -> None:
    sources.check_digests(one_pin(tmp_path), tmp_path)
    assert (tmp_path / "a.tar").is_file(), "a right file stays"


def test_wrong_file_is_named_in_one_line_and_removed(tmp_path: Path) -> None:
    pin = one_pin(tmp_path, b"sourcf")
    with pytest.raises(BuildError, match=r"^a\.tar: its SHA-256 is \w+\.\.\., pinned is 41cf6794.*run again") as raised:
        sources.check_digests(pin, tmp_path)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "a.tar").exists()


def test_files_that_are_there_are_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(debian, "_apt", lambda *words: asked.append(words))
    debian.fetch(tmp_path, [one_pin(tmp_path)])
    assert not asked


def test_key_changes_with_any_pin(tmp_path: Path) -> None:
    pin = one_pin(tmp_path)
    other = sources.Pin("a", "1-2", False, pin.files)
    assert sources.pins_key((pin,)) == sources.pins_key((pin,))
    assert sources.pins_key((pin,)) != sources.pins_key((other,))


@pytest.mark.parametrize(
    "output",
    [
        "E: Version '1-1' for 'a' was not found",
        "E: Can not find version '1-1' of package 'a'",
        "E: Unable to find a source package for a",
        "",
    ],
)
def test_vanished_version_is_named_with_the_way_out(tmp_path: Path, output: str) -> None:
    text = debian.failure(one_pin(tmp_path), output)
    assert text.startswith("a 1-1 is no longer on the Debian mirror")
    assert "MPY_DIR" in text and "\n" not in text


def test_another_failure_gives_apts_own_reason(tmp_path: Path) -> None:
    text = debian.failure(one_pin(tmp_path), "Ign\nE: Could not resolve 'mirror'\n")
    assert text == "a 1-1 could not be fetched: Could not resolve 'mirror'"


def test_mirror_is_the_archive_itself() -> None:
    listed = (
        "http://a/security/ Debian Debian-Security\nhttp://b/tools/ Other Other\n"
        "http://a/debian/ Debian Debian Backports\n" + 2 * "http://a/debian/ Debian Debian\n"
    )
    assert debian.mirrors_in(listed) == ["http://a/debian/"]


# What is frozen, and its hash


def test_same_inputs_same_hash(firmware: Path, board: Path) -> None:
    first = build_hash(firmware, board)
    assert first == build_hash(firmware, board)
    assert len(first) == 8 and int(first, 16) >= 0


@pytest.mark.parametrize(
    "changed", ["firmware/pump/guard.py", "firmware/main.py", "board/pins.py", "board/mpconfigboard.h"]
)
def test_one_changed_byte_changes_the_hash(firmware: Path, board: Path, tmp_path: Path, changed: str) -> None:
    before = build_hash(firmware, board)
    path = tmp_path / changed
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    assert build_hash(firmware, board) != before


def test_a_moved_byte_changes_the_hash(tmp_path: Path, board: Path) -> None:
    one = write(tmp_path / "one", {"pump/a.py": "AB", "pump/b.py": "C"})
    two = write(tmp_path / "two", {"pump/a.py": "A", "pump/b.py": "BC"})
    assert build_hash(one, board) != build_hash(two, board)


def test_hash_covers_the_toolchain_and_not_the_documents(firmware: Path, board: Path) -> None:
    before = build_hash(firmware, board)
    assert build_hash(firmware, board, "other pins") != before
    (board / "README.md").write_text("another text")
    assert build_hash(firmware, board) == before


def test_board_modules_get_their_name_in_the_image(firmware: Path, board: Path) -> None:
    contents = frozen.collect(firmware, board, frozen.PACKAGES)
    assert set(contents.frozen) == {
        "main.py",
        "boot.py",
        "board_pins.py",
        "pump/__init__.py",
        "pump/guard.py",
    }
    shared = {"build/native_code.cmake", "build/native_code_on_words.h"}
    assert set(contents.board) == {"mpconfigboard.h"} | shared


def test_empty_firmware_is_refused(tmp_path: Path, board: Path) -> None:
    with pytest.raises(BuildError, match="nothing to freeze") as raised:
        frozen.collect(tmp_path / "none", board, frozen.PACKAGES)
    assert raised.value.code == 2


def test_staging_rewrites_only_what_differs(tmp_path: Path) -> None:
    assert frozen.stage({"a.py": b"1", "p/b.py": b"2"}, tmp_path) is False
    before = (tmp_path / "a.py").stat().st_mtime_ns
    assert frozen.stage({"a.py": b"1", "p/b.py": b"3"}, tmp_path) is False
    assert (tmp_path / "a.py").stat().st_mtime_ns == before
    assert (tmp_path / "p/b.py").read_bytes() == b"3"


def test_staging_reports_what_had_to_go(tmp_path: Path) -> None:
    frozen.stage({"a.py": b"1", "p/b.py": b"2"}, tmp_path)
    assert frozen.stage({"a.py": b"1"}, tmp_path) is True
    assert [path.name for path in tmp_path.rglob("*")] == ["a.py"]


def test_build_info_is_a_module(tmp_path: Path) -> None:
    names: dict[str, str] = {}
    exec(frozen.build_info("1.2", "0badcafe", "abc+dirty"), names)
    assert (names["VERSION"], names["BUILD_HASH"], names["GIT"]) == ("1.2", "0badcafe", "abc+dirty")


def test_version_comes_from_the_project(tmp_path: Path) -> None:
    assert frozen.project_version(tmp_path) == "0"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "4.5"\n')
    assert frozen.project_version(tmp_path) == "4.5"


# Up to date or not


def job(firmware: Path, board: Path, pinned: bool = True) -> stamp.Job:
    chain = toolchain.Toolchain(Path("/mpy"), None, "pins", pinned)
    return stamp.Job.of(frozen.collect(firmware, board, frozen.PACKAGES), chain, "abc")


def test_stamp_holds_until_something_changes(firmware: Path, board: Path, tmp_path: Path) -> None:
    artifact = tmp_path / "firmware.uf2"
    stamp.write_stamp(tmp_path, job(firmware, board))
    assert not stamp.up_to_date(tmp_path, job(firmware, board), artifact)
    artifact.touch()
    assert stamp.up_to_date(tmp_path, job(firmware, board), artifact)
    (firmware / "main.py").write_text("import oximeters\n")
    assert not stamp.up_to_date(tmp_path, job(firmware, board), artifact)


def test_a_checkout_of_ones_own_is_always_built(firmware: Path, board: Path, tmp_path: Path) -> None:
    own = job(firmware, board, pinned=False)
    (tmp_path / "firmware.uf2").touch()
    stamp.write_stamp(tmp_path, own)
    assert not stamp.up_to_date(tmp_path, own, tmp_path / "firmware.uf2")


def test_only_the_board_definition_needs_a_build_from_scratch(firmware: Path, board: Path) -> None:
    before = job(firmware, board).setting
    (firmware / "main.py").write_text("import oximeters\n")
    (board / "pins.py").write_text("STEP = 3\n")
    assert job(firmware, board).setting == before
    (board / "mpconfigboard.h").write_text("#define X 2\n")
    assert job(firmware, board).setting != before


# Missing tools


PROBES = [("here", lambda: True), ("gone-one", lambda: False), ("gone-two", lambda: False)]


def test_no_install_names_what_is_missing_and_exits_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_INSTALL", "1")
    monkeypatch.setattr(system, "install", lambda _: pytest.fail("installed"))
    with pytest.raises(BuildError, match="missing system packages: gone-one gone-two") as raised:
        system.ensure(PROBES)
    assert raised.value.code == 2


def test_missing_packages_are_announced_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed: list[str] = []
    monkeypatch.delenv("NO_INSTALL", raising=False)
    monkeypatch.setattr(system, "has_command", lambda _: True)
    monkeypatch.setattr(system, "install", installed.extend)
    system.ensure([("here", lambda: True), ("gone", lambda: "gone" in installed)])
    assert installed == ["gone"]
    assert capsys.readouterr().out == "setup: installing missing system packages: gone\n"


def test_apt_tools_are_needed_only_without_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPY_DIR", raising=False)
    assert "dpkg-dev" in [name for name, _ in system.needed()]
    monkeypatch.setenv("MPY_DIR", "/somewhere")
    assert "dpkg-dev" not in [name for name, _ in system.needed()]


def test_probes_say_no_without_the_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("MPY_DIR", raising=False)
    missing = system.missing(system.needed())
    assert "gcc-arm-none-eabi" in missing and "libnewlib-arm-none-eabi" in missing and "cmake" in missing


# Messages, paths and the command line


def test_reason_names_the_module_that_does_not_compile() -> None:
    output = (
        "MPY pump/bad.py\nerror compiling pump/bad.py:\nTraceback (most recent call last):\n"
        '  File "/tmp/x1.py", line 3\nSyntaxError: invalid syntax\n\nmake[2]: *** [frozen] Error 1\n'
    )
    assert run.reason(output) == "pump/bad.py line 3: SyntaxError: invalid syntax"


def test_reason_takes_the_first_error_of_a_compiler() -> None:
    output = "cc main.c\nmain.c:3:1: error: unknown type name 'x'\nmake: *** [main.o] Error 1\n"
    assert run.reason(output) == "main.c:3:1: error: unknown type name 'x'"


def test_inner_builds_inherit_nothing_that_changes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "-j8")
    monkeypatch.setenv("CFLAGS", "-O0")
    environment = run.clean_environment()
    assert "MAKEFLAGS" not in environment and "CFLAGS" not in environment
    assert environment["SOURCE_DATE_EPOCH"] == str(sources.SOURCE_DATE_EPOCH)


def test_cache_falls_back_to_the_build_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    assert paths.cache_dir() == tmp_path / "build/cache"


def test_checkout_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MPY_DIR", str(tmp_path))
    with pytest.raises(BuildError, match="no py/mpconfig.h in it") as raised:
        toolchain.described()
    assert raised.value.code == 2


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("name", image.boards())
def test_an_image_that_reaches_into_the_file_system_is_refused(name: str) -> None:
    """Else the first file that is written takes the image's end with it, and what starts next computes with rubbish."""
    board = paths.ROOT / "boards" / name
    begins = room.room_bytes(board)
    assert begins == 1 << 20, "half of the 2 MB"
    room.check(board, begins)
    with pytest.raises(BuildError, match=f"{begins + 1:,} bytes .* begins at {begins:,}: less code"):
        room.check(board, begins + 1)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("mpconfigboard.cmake", 'set(PICO_BOARD "mine")', "PICO_BOARD has to be pico"),
        ("mpconfigboard.h", "#define X 1", "no MICROPY_HW_FLASH_STORAGE_BYTES"),
    ],
)
def test_a_board_whose_flash_nobody_knows_is_refused(tmp_path: Path, file: str, text: str, said: str) -> None:
    write(tmp_path, {"mpconfigboard.cmake": "set(PICO_BOARD pico)", "mpconfigboard.h": "#define X 1"})
    write(tmp_path, {file: text})
    with pytest.raises(BuildError, match=said):
        room.room_bytes(tmp_path)


def test_unknown_board_is_one_line_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--board", "pump_nano"]) == 2
    assert capsys.readouterr().err.startswith("build: no board 'pump_nano' in boards/: there is pump_pico")


def test_flash_without_an_image_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(flash, "BUILD", tmp_path)
    assert flash.main([]) == 2
    assert "make firmware first" in capsys.readouterr().err


def test_flash_finds_a_boot_loaders_drive(tmp_path: Path) -> None:
    write(tmp_path, {"RPI-RP2/INFO_UF2.TXT": "UF2", "OTHER/INFO_UF2.TXT": "UF2", "empty/RPI-RP2/readme": ""})
    mounts = "\n".join(f"dev {tmp_path / name} vfat rw 0 0" for name in ("RPI-RP2", "OTHER", "empty/RPI-RP2"))
    assert flash.mounted_volumes(mounts) == [tmp_path / "RPI-RP2"]


# The pump's tables as data

TABLES = sorted(path.stem for path in (paths.ROOT / "firmware/pump/tables").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", TABLES)
def test_a_frozen_table_says_what_the_table_says(name: str) -> None:
    """Else the pump and the laptop that read the same source differ, and nobody's hash shows it."""
    made = tables.frozen_tables(paths.ROOT / "firmware")[f"pump/tables/{name}.py"]
    frozen_names: dict[str, object] = {}
    exec(made, frozen_names)
    source = vars(import_module(f"pump.tables.{name}"))
    told = {key for key in frozen_names if not key.startswith("_")} - {"array"}
    assert told and all(frozen_names[key] == source[key] for key in told)
    left = {key for key in source if not key.startswith("_")} - told - {"array", "described", "contract", "binascii"}
    assert all(isinstance(source[key], ModuleType) for key in left)


def test_a_frozen_table_works_nothing_out(tmp_path: Path) -> None:
    """Else the rows lie in RAM, and power-on takes the time to make columns of them."""
    for name, made in tables.frozen_tables(paths.ROOT / "firmware").items():
        tree = ast.parse(made)
        worked = [node for node in ast.walk(tree) if isinstance(node, (ast.ListComp, ast.FunctionDef, ast.BinOp))]
        calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "id")}
        assert not worked and calls <= {"array"}, name


@pytest.mark.parametrize(
    ("text", "said"),
    [("X = {1: 2}", "X is a dict"), ("X = (1, [2])", "X is a list"), ("X = 1 / 0", "division by zero")],
)
def test_a_table_that_cannot_be_frozen_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    """Else a table's value is silently missing from the image."""
    write(tmp_path, {"pump/__init__.py": "", "pump/tables/__init__.py": "", "pump/tables/odd.py": text + "\n"})
    with pytest.raises(BuildError, match=said) as raised:
        tables.frozen_tables(tmp_path)
    assert raised.value.code == 2 and "\n" not in str(raised.value)
