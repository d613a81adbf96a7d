"""`make setup` leaves a working .venv, whatever happens while a new one is made, and from whatever Python it is run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from boards.build import venv
from boards.build.errors import BuildError


def made_at(folder: Path) -> None:
    """A virtual environment with a script in it that names its place, as pip writes them."""
    subprocess.run([str(venv.base_python()), "-m", "venv", "--without-pip", str(folder)], check=True)
    script = folder / "bin" / "tool"
    script.write_text(f"#!{folder}/bin/python\nimport sys; print(sys.prefix)\n")
    script.chmod(0o755)


def prefix_of(place: Path) -> str:
    """What its script says where it runs."""
    return subprocess.run([str(place / "bin/tool")], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("before", [False, True])
def test_a_new_one_takes_the_place_and_its_scripts_work_there(tmp_path: Path, before: bool) -> None:
    """Else every tool in it starts a Python that is not there."""
    place = tmp_path / ".venv"
    if before:
        made_at(place)
        (place / "old").touch()
    venv._replace(place, made_at)
    assert prefix_of(place) == str(place)
    assert not (place / "old").exists()
    assert [path.name for path in tmp_path.iterdir()] == [".venv"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    """Else a laptop without a network has no tools any more."""
    place = tmp_path / ".venv"
    made_at(place)

    def fail(folder: Path) -> None:
        folder.mkdir()
        raise BuildError("no network")

    with pytest.raises(BuildError):
        venv._replace(place, fail)
    assert prefix_of(place) == str(place)
    venv._replace(place, made_at)
    assert prefix_of(place) == str(place)


def test_the_running_interpreter_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else setup, run with .venv activated, deletes the Python that runs it and fails."""
    place = tmp_path / ".venv"
    made_at(place)
    monkeypatch.setattr(sys, "prefix", str(place))
    venv._replace(place, made_at)
    assert prefix_of(place) == str(place)
    assert (tmp_path / ".venv-old" / "bin" / "python").exists()
    monkeypatch.undo()
    venv._replace(place, made_at)
    assert not (tmp_path / ".venv-old").exists()


def test_a_virtual_environment_is_made_from_no_other(tmp_path: Path) -> None:
    """Else an activated .venv is made anew from itself each time, and ends with what it came from."""
    made_at(tmp_path / ".venv")
    code = "import sys; sys.path.insert(0, sys.argv[1]); from boards.build import venv as v"
    code += "; print(v.base_python(), v._made_from())"
    root = str(Path(venv.__file__).parents[2])
    said = [
        subprocess.run([str(python), "-c", code, root], check=True, capture_output=True, text=True).stdout
        for python in (venv.base_python(), tmp_path / ".venv/bin/python")
    ]
    assert said[0] == said[1] and str(tmp_path) not in said[1].split()[0]
