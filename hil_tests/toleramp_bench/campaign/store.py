"""The folder of a campaign: what it is (campaign.json) and one line a session (sessions.jsonl), whole or not at all.

Lines stand in the order of the sessions and without a gap, so the file says itself where to go on.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from toleramp import whole_files
from toleramp.errors import UserError
from toleramp_bench.interrupts import interrupts_held

SESSIONS, HEAD = "sessions.jsonl", "campaign.json"
FSYNC_S = 2.0  # a power cut costs no more than the sessions of so long


@dataclass(frozen=True)
class Head:
    """What all lines of a folder have in common."""

    name: str
    file: str  # digest of the campaign file and its protocol
    seed: int
    code: str


_WHAT = {"file": "campaign file", "seed": "seed", "code": "code", "name": "name"}


class Store:
    """Opened with `with`: held by one process alone, torn end cut off. `done`: sessions that are there."""

    def __init__(self, folder: Path, head: Head, renew: bool = False) -> None:
        self.folder, self.head, self._renew = folder, head, renew
        self.done = 0
        self._synced = 0.0

    def __enter__(self) -> Store:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = open(self.folder / SESSIONS, "r+b" if (self.folder / SESSIONS).exists() else "w+b")  # noqa: SIM115
        except OSError as error:
            raise _unusable(self.folder, error) from None
        try:
            self._hold()
            self._match()
            self.done = self._whole()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._sync()
        self._file.close()

    def _hold(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            remedy = "wait for it, or name another folder with --out"
            raise UserError("another campaign is at work in this folder", str(self.folder), remedy) from None

    def _match(self) -> None:
        path = self.folder / HEAD
        before = _read_head(path)
        if before is None and self._file.seek(0, os.SEEK_END):
            before = {}
        if before is not None and before != asdict(self.head) and not self._renew:
            own = asdict(self.head)
            other = " and ".join(_WHAT[key] for key in ("file", "seed", "code") if before.get(key) != own[key])
            remedy = "name another folder with --out, or give --renew to drop them"
            raise UserError(f"its sessions are of another {other or 'campaign'}", str(self.folder), remedy)
        if before != asdict(self.head):
            self._file.truncate(0)
            text = json.dumps(asdict(self.head), indent=1) + "\n"
            whole_files.replace(path, text.encode(), 0o644)

    def _whole(self) -> int:
        """Cuts off what is not the next session's line; how many there are."""
        count = place = 0
        self._file.seek(0)
        for raw in self._file:
            if not raw.endswith(b"\n") or not _is_session(raw, count + 1):
                break
            count, place = count + 1, place + len(raw)
        self._file.truncate(place)
        self._file.seek(place)
        return count

    def add(self, lines: tuple[str, ...]) -> None:
        """Appends the lines of the next sessions. A Ctrl-C comes before or after it: `done` is what the file holds."""
        with interrupts_held():
            try:
                self._file.write("".join(lines).encode("ascii"))
                self._file.flush()
                if time.monotonic() - self._synced > FSYNC_S:
                    self._sync()
            except OSError as error:
                raise _unusable(self.folder, error) from None
            self.done += len(lines)

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def lines(self, most: int) -> Iterator[dict[str, Any]]:
        """The first sessions, one at a time."""
        self._file.flush()
        with open(self.folder / SESSIONS, encoding="ascii") as file:
            for _, text in zip(range(most), file, strict=False):
                yield json.loads(text)


def _is_session(raw: bytes, number: int) -> bool:
    try:
        line = json.loads(raw)
    except ValueError:
        return False
    return isinstance(line, dict) and line.get("session") == number


def _read_head(path: Path) -> dict[str, Any] | None:
    """None where there is none; an unreadable one fits nothing."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _unusable(folder: Path, error: OSError) -> UserError:
    return UserError(f"cannot be written: {error.strerror}", str(folder), "name another folder with --out")
