"""Appends to the file of a pump's log: whole lines only, on the disk before the head says that they are there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from toleramp.errors import UserError
from toleramp.pump_log import form
from toleramp.pump_log.form import HEAD_BYTES, HEADS, Head, Row
from toleramp.pump_log.reading import PumpLog, whole_lines

COMMIT_EVERY = 64  # records


class DiskFull(UserError):
    """Not all could be written; what is there is whole."""


class Keeper:
    """A file that grows. `records`: how many it has; `opening`: its first line."""

    def __init__(self, path: Path, opening: bytes, head: Head, records: int, digest: bytes, size: int) -> None:
        self.path, self.opening, self.records = path, opening, records
        self._head, self._digest, self._size = head, digest, size
        try:
            self._file = os.open(path, os.O_RDWR)
            os.ftruncate(self._file, size)  # a torn line
        except OSError as error:
            raise UserError(f"cannot be written: {error.strerror}", str(path), "name another file with -o") from None

    @classmethod
    def create(cls, path: Path, opening: bytes) -> Keeper:
        """A new file without records. UserError where there is one already, or none can be."""
        first = form.digest_of(opening)
        heads = [Head(number, 0, first, first) for number in range(HEADS)]
        data = opening + b"".join(head.line() for head in heads)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                if os.write(file, data) != len(data):
                    raise OSError(0, "no space left on the disk")
                os.fsync(file)
            except OSError:
                os.unlink(path)
                raise
            finally:
                os.close(file)
        except OSError as error:
            raise UserError(f"cannot be written: {error.strerror}", str(path), "name another file with -o") from None
        return cls(path, opening, heads[-1], 0, first, len(data))

    @classmethod
    def go_on(cls, log: PumpLog) -> Keeper:
        """A file as it was read and found sound: behind the last whole record of an interrupted pull."""
        count = whole_lines(log)
        rows = log.lines[:count]
        size = len(log.opening) + HEADS * HEAD_BYTES + sum(len(line) for line in rows)
        last = log.rows[count - 1] if count else None
        digest = last.sha256 if last else form.digest_of(log.opening)
        return cls(log.path, log.opening, log.head, count, digest, size)

    def append(self, records: list[bytes]) -> None:
        """What lies in the next slots. Raises DiskFull; then none of it is there."""
        digest, lines = self._digest, []
        for k, record in enumerate(records):
            digest = form.linked(digest, self.records + k, record)
            lines.append(Row(self.records + k, record, digest).line())
        self._write(b"".join(lines))
        self.records += len(records)
        self._digest = digest
        if self.records - self._head.records >= COMMIT_EVERY:
            self.commit()

    def _write(self, data: bytes) -> None:
        """All of it, or nothing."""
        try:
            if os.pwrite(self._file, data, self._size) == len(data):
                self._size += len(data)
                return
            reason = "no space left on the disk"
        except OSError as error:
            reason = str(error.strerror)
        with suppress(OSError):
            os.ftruncate(self._file, self._size)
        raise DiskFull(f"cannot be written: {reason}", str(self.path), "make room")

    def commit(self) -> None:
        """Lets what is there outlive a power cut, then the head say so. Raises DiskFull."""
        if self._head.records == self.records:
            return
        head = Head(self._head.number + 1, self.records, self._digest, self._head.opened)
        at = len(self.opening) + head.number % HEADS * HEAD_BYTES
        try:
            os.fsync(self._file)
            os.pwrite(self._file, head.line(), at)
            os.fsync(self._file)
        except OSError as error:
            raise DiskFull(f"cannot be written: {error.strerror}", str(self.path), "make room") from None
        self._head = head

    def close(self) -> None:
        """Commits what it can, and closes."""
        with suppress(UserError):  # the next pull goes on from the records, whatever the head says
            self.commit()
        os.close(self._file)

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
