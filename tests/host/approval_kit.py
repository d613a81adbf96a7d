"""People with keys, and protocol files that they have signed."""

import shutil
from pathlib import Path

import pytest

import toleramp
from toleramp import cli

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"


class Office:
    """A folder with the keys of three people, their keyring and a protocol file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "protocol.toml"
        shutil.copyfile(SAMPLE, self.file)
        self.ring = folder / "ring.tlk"
        for name in ("afischer", "bmeier", "cwolf"):
            assert self.run("keys", "new", name, "-o", self.key(name)) == 0
        assert self.run("keys", "ring", *map(self.key, ("afischer", "bmeier", "cwolf")), "-o", self.ring) == 0

    def run(self, *words: object) -> int:
        """Exit code of a command."""
        return cli.main([str(word) for word in words])

    def key(self, name: str) -> Path:
        """A person's key file."""
        return self.folder / f"{name}.key"

    def sign(self, name: str, *more: object) -> int:
        """Exit code of signing the file."""
        return self.run("protocol", "sign", self.file, "--key", self.key(name), *more)

    def sign_both(self) -> None:
        """The file, signed by two people."""
        assert self.sign("afischer") == 0 and self.sign("bmeier") == 0

    def change(self, old: str, new: str) -> None:
        """Changes the file's text in one place."""
        text = self.file.read_text("utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    """Three people and a protocol that nobody has signed."""
    made = Office(tmp_path)
    capsys.readouterr()
    return made
