"""Damaged protocol files: a line for the user, or a protocol that means what the file says, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from pump.protocol import protocol as device
from pump.protocol.encoding import encode
from pump.protocol.rules import findings
from toleramp.errors import UserError
from toleramp.protocol.file import compile_file
from toleramp.protocol.table import table
from toleramp.protocol.templates import BY_NAME, order
from toleramp.protocol.templates.write import protocol_text
from toleramp_bench.evidence.plain_reading import differences
from toleramp_bench.places import standard_protocol

Found = Callable[[str, bytes], Exception]
_VALUES = (
    b"-1", b"0", b"1", b"0.1", b"15", b"250.5", b"1e3", b"1e99", b"1e999", b"1e-31", b"1_0.5", b"0x10", b"nan", b"-inf",
    b"2.00001", b"15.0000001", b"5.00000000001", b"0.00000001", b"9" * 40, b"12 mg",
    b'""', b'"A"', b'"oral"', b'"line-fill"', b'"mg"', b'"U"', b'"\\u0000"', "\u0663".encode(), b"\xff",
    b"[]", b"{}", b"true", b"false", b"1979-05-27",
)  # fmt: skip
_COMMON = {"drug": "drug", "max_hold_min": "120", "code": "77"}


def _written(name: str, **options: str) -> bytes:
    """The file that a template writes."""
    template = BY_NAME[name]
    values = order.read(template, {**_COMMON, **options})
    plan, unit = order.build(template, values)
    return protocol_text(name, values, plan, unit).encode()


def originals() -> list[bytes]:
    """Files of every kind: the shipped one, one with line-fills, own lines and flush, one by mouth."""
    line = {"line_dead_volume_ml": "0.3", "primed_with": "saline", "line_fill_ml": "0.3", "line_volume_ml": "1"}
    lined = _written("bwh-8", dose_mg="333.3", **line)
    extra = b'\n[flush]\nvolume_ml = 5\nrate_ml_h = 40\n[checklist]\nrequired = ["peak flow"]\n'
    return [standard_protocol().read_bytes(), lined + extra, _written("oral", dose_u="325.5", first_dose_u="1")]


class FileFuzz:
    """One file after the other, each a damaged original."""

    def __init__(self, random: Random, folder: Path, found: Found, damage: Callable[[Random, bytes], bytes]) -> None:
        self.random, self.found, self.damage = random, found, damage
        self.seen = Counter[str]()
        self.path = folder / "fuzzed.toml"
        self.texts = originals()
        self.words = sorted({word for text in self.texts for word in text.split()})

    def one(self) -> None:
        """A file, damaged once or a few times."""
        text = self.random.choice(self.texts)
        for _ in range(self.random.choice((1, 1, 1, 2, 5))):
            text = self.spoiled(text)
        self.file(text)

    def spoiled(self, text: bytes) -> bytes:
        """Bytes, lines or whole tables lost, doubled or exchanged; a value or word by another."""
        what = self.random.randrange(5)
        if what == 0:
            return self.damage(self.random, text)
        if what == 1:
            return self._rows(text.splitlines(keepends=True), b"")
        if what == 2:
            return self._rows(text.split(b"\n[["), b"\n[[")
        return self._exchanged(text, self.random.choice(_VALUES) if what == 3 else self.random.choice(self.words))

    def _rows(self, rows: list[bytes], between: bytes) -> bytes:
        one, other = (self.random.randrange(len(rows)) for _ in range(2))
        what = self.random.randrange(3)
        if what == 0:
            del rows[one]
        elif what == 1:
            rows.insert(other, rows[one])
        else:
            rows[one], rows[other] = rows[other], rows[one]
        return between.join(rows)

    def _exchanged(self, text: bytes, new: bytes) -> bytes:
        """A value behind an equals sign, or a word, by another."""
        lines = text.splitlines(keepends=True)
        at = self.random.randrange(len(lines)) if lines else 0
        if not lines or b"=" not in lines[at]:
            return text
        key = lines[at].partition(b"=")[0]
        lines[at] = new + b" = 1\n" if self.random.random() < 0.1 else key + b"= " + new + b"\n"
        return b"".join(lines)

    def file(self, text: bytes) -> None:
        """Reads one file; raises what `found` makes of anything that must not happen."""
        self.path.write_bytes(text)
        try:
            blob, protocol = compile_file(self.path)
            findings(protocol)
            table(protocol)
        except UserError as error:
            if "\n" in str(error):
                raise self.found("a message of several lines", text) from None
            self.seen["file refused"] += 1
            return
        except Exception as error:
            raise self.found(f"{type(error).__name__}: {error}", text) from error
        again = device.decode(bytearray(blob))
        if encode(again) != blob:
            raise self.found("compiled in another form than its own", text)
        for one in differences(text, again):
            raise self.found(one, text)
        self.seen["file accepted"] += 1
