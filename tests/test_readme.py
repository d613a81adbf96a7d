"""What README.md names is there: files, make targets, commands and their options, the layout, the pictures."""

from __future__ import annotations

import fnmatch
import re
import shlex
from pathlib import Path

import pytest

from pump.protocol.fingerprint import fingerprint
from toleramp import cli
from toleramp.protocol.file import compile_file
from toleramp_bench.boards.serve import BUTTONS, ServedBench

CHECKOUT = Path(__file__).parents[1]
README = CHECKOUT / "README.md"
PICTURES = CHECKOUT / "hil_tests" / "pictures"
PICTURES_MAX = 200_000
TEXT = README.read_text(encoding="utf-8")

GENERATED = ("build/", ".venv/")  # made by the targets, not part of the tree
TYPED = ("make ", "toleramp ")  # how a line to type begins
OWN_DEVICE = "/dev/ttyACM0"
ADDRESSES = ("https://github.com/micropython/", "https://github.com/raspberrypi/pico-sdk")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^(?: {4}|\t)(\S.*)$", re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")


def layout() -> list[str]:
    """The paths of the layout block, in its order."""
    block = next(body for kind, body in _FENCE.findall(TEXT) if kind == "text")
    return [line.split()[0] for line in block.splitlines() if line.strip()]


def code() -> list[str]:
    """Code spans and lines of indented blocks, comments taken off; the layout block is checked on its own."""
    text = _FENCE.sub("", TEXT)
    lines = [line for line in _INDENTED.findall(text) if not _SPAN.search(line) and line.startswith(TYPED)]
    return [piece.partition("  #")[0].strip() for piece in [*_SPAN.findall(text), *lines]]


def paths() -> set[str]:
    """Relative paths in code and links."""
    words = [word for piece in code() for word in piece.split()]
    words += [target.partition("#")[0] for target in _LINK.findall(TEXT) if "://" not in target]
    found = {word for word in words if "/" in word and _PATH.fullmatch(word) and word not in ("mL/h", "UP/DOWN")}
    found = {word for word in found if not re.search(r"\d/\d", word)}  # "STEP 6/12" on the pump's screen
    found |= {target for target in words if target == "LICENSE"}
    return {word for word in found if not word.startswith(GENERATED)}


def targets(text: str) -> set[str]:
    """The targets that a Makefile defines."""
    return set(re.findall(r"^([a-z]+):", text, re.MULTILINE))


def invocations() -> list[list[str]]:
    """The words after `toleramp` of each command that is named."""
    return [shlex.split(piece)[1:] for piece in code() if piece.startswith("toleramp ")]


def ignored(name: str) -> bool:
    """Whether .gitignore keeps an entry of the top folder out of the repository."""
    patterns = (CHECKOUT / ".gitignore").read_text(encoding="utf-8").split()
    return any(fnmatch.fnmatch(name, pattern.strip("/")) for pattern in patterns)


def test_the_page_is_read_as_meant() -> None:
    """Else the checks below pass because they find nothing."""
    assert len(paths()) > 10 and len(layout()) > 10 and len(invocations()) > 10
    assert "firmware/pump/session/session.py" in paths() and "make demo" in code()


@pytest.mark.parametrize("path", sorted(paths() | set(layout())))
def test_paths_exist(path: str) -> None:
    """Else a reader looks for a file that has moved."""
    there = CHECKOUT / path
    assert there.is_dir() if path.endswith("/") else there.exists()


def test_the_layout_names_the_whole_top_level() -> None:
    """Else a folder is there that nobody explains."""
    tree = {path.name for path in CHECKOUT.iterdir() if not path.name.startswith(".") and not ignored(path.name)}
    assert {path.partition("/")[0] for path in layout()} == tree


def test_make_targets() -> None:
    """Each that is named exists, and each that `make help` lists is named."""
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    named = {piece.split()[1] for piece in code() if re.match(r"make [a-z]", piece)}
    listed = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    assert named <= targets(makefile) and listed <= named


@pytest.mark.parametrize("words", invocations(), ids=" ".join)
def test_commands_and_their_options(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each command exists and takes the options that it is shown with."""
    assert words[0] in cli.commands()
    verb = words[1:2] if words[0] in ("protocol", "keys", "scenario", "orders", "oximeter", "log") else []
    with pytest.raises(SystemExit) as end:
        cli.main([words[0], *verb, "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", said))
    assert {word for word in words if word.startswith("-")} <= known


def test_the_fingerprint_is_the_examples() -> None:
    """Else the page shows one that no screen will."""
    example = CHECKOUT / "host_tools" / "toleramp" / "protocols" / "bwh12-500mg.toml"
    assert set(re.findall(r"`(\w{8}) START\?`", TEXT)) == {fingerprint(compile_file(example)[0])}


def test_the_bench_commands() -> None:
    """What is typed at `toleramp bench` is what it understands."""
    line = TEXT[TEXT.index("Type at the bench:") :].partition("\n- ")[0]
    said = {span.split()[0] for span in _SPAN.findall(line)}
    understood = {name.removeprefix("_do_") for name in vars(ServedBench) if name.startswith("_do_")}
    assert said - {*BUTTONS} == understood - {*BUTTONS}


def test_pictures_are_small_and_shown() -> None:
    """Else the repository grows with pictures that no page shows."""
    files = sorted(PICTURES.iterdir())
    assert files and sum(path.stat().st_size for path in files) < PICTURES_MAX
    for path in files:
        assert str(path.relative_to(CHECKOUT)) in TEXT


def test_no_path_of_a_machine_and_only_known_addresses() -> None:
    """Else the page holds for one machine, or leads to a place that may not be there."""
    assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work|usr|opt|mnt|Users)/", TEXT)
    assert set(re.findall(r"/dev/\w+", TEXT)) <= {OWN_DEVICE}
    for address in re.findall(r"https?://[^\s)>]+", TEXT):
        assert address.startswith(ADDRESSES), address
