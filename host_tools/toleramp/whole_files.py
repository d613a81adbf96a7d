"""Files that are written whole or not at all, and files that only their owner may read."""

from __future__ import annotations

import os
import shlex
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from toleramp.errors import UserError

PRIVATE = 0o600
_OTHERS = 0o077


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot be written: {error.strerror}", str(path), "name a file in a folder of yours")


def demand_kind(path: Path, suffixes: tuple[str, ...], remedy: str) -> None:
    """Raises UserError unless the name of `path`, and of the file that it links to, ends in one of `suffixes`."""
    target = Path(os.path.realpath(path))
    if path.suffix.lower() not in suffixes:
        raise UserError("another kind of file is written here", str(path), remedy)
    if target.suffix.lower() not in suffixes:
        raise UserError(f"this links to {target}", str(path), remedy)


def demand_other(path: Path, source: Path, what: str = "the protocol") -> None:
    """Raises UserError when `path` is the file `source`, by whatever name or link."""
    with suppress(OSError):  # what is not there is no other file
        if os.path.samefile(path, source):
            raise UserError(f"this is {what} {source}", str(path), "name another file")


def demand_end(path: Path) -> None:
    """Raises UserError for a device: what is read from it may never end, and fills the memory."""
    with suppress(OSError):  # who opens it says what is wrong
        mode = os.stat(path).st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            raise UserError("this is no file but a device", str(path), "name a file")


def demand_free(path: Path, force: bool) -> None:
    """Raises UserError when `path` may not be written: a folder, or a file that is there already without `force`."""
    if os.path.isdir(path):
        raise UserError("this is a folder", str(path), "name a file")
    if os.path.exists(path) and not os.path.isfile(path):
        raise UserError("this is no file but a pipe or a device", str(path), "name a file")
    if os.path.lexists(path) and not force:
        raise UserError("the file exists", str(path), "give --force to overwrite it, or another name")


def _fill(handle: int, data: bytes, mode: int) -> None:
    with open(handle, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Lets the folder's new entry outlive a power cut; a file system that cannot do so is no error."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def mode_of(path: Path) -> int:
    """The permissions of a file; those of a new one (0644) when there is none."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0o644


def replace(path: Path, data: bytes, mode: int) -> None:
    """Puts `data` in the place of `path`; whatever happens, either the old content or all of the new is there.

    `mode`: the permissions then. A link is followed. Raises UserError.
    """
    target = Path(os.path.realpath(path))
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            _fill(handle, data, mode)
            os.replace(name, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        _settle(target.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


def create(path: Path, data: bytes, force: bool) -> None:
    """Writes a file whole or not at all, with the permissions of any new file; an existing one only with `force`.

    Raises UserError.
    """
    demand_free(path, force)
    claimed = not os.path.lexists(path)
    try:
        if claimed:  # so that nobody else's file of this name, made meanwhile, is lost
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        replace(path, data, mode_of(path))
    except BaseException:
        if claimed:
            with suppress(OSError):
                os.unlink(path)
        raise


def create_private(path: Path, data: bytes, force: bool) -> None:
    """Writes a file that only its owner may read; an existing one only with `force`. Raises UserError."""
    demand_free(path, force)
    if force:
        replace(path, data, PRIVATE)
        return
    try:
        _fill(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), data, PRIVATE)
    except OSError as error:
        raise _unwritable(path, error) from None


def _at_once(path: str, flags: int) -> int:
    """Opens without waiting for whoever would write into a pipe; what is no file is not touched at all."""
    if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
        raise UserError("this is no file but a pipe or a device", path, "name a key file or a keyring")
    return os.open(path, flags | os.O_NONBLOCK)


def _demand_private(about: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise UserError("this is no file but a pipe or a device", str(path), "name a key file or a keyring")
    if about.st_mode & _OTHERS:
        remedy = f"run: chmod 600 {shlex.quote(str(path))}"
        raise UserError("others can read this key, so it may be anybody's by now", str(path), remedy)


def read_private(path: Path, largest: int) -> bytes:
    """The bytes of a key file or keyring. Raises UserError, also when others than its owner may read it."""
    try:
        with open(path, "rb", opener=_at_once) as file:
            _demand_private(os.fstat(file.fileno()), path)
            data = file.read(largest + 1)
    except FileNotFoundError:
        raise UserError("no such file", str(path), "name an existing key file or keyring") from None
    except IsADirectoryError:
        raise UserError("this is a folder", str(path), "name a key file or a keyring") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path), "check the file's permissions") from None
    except ValueError:
        raise UserError("this is no file name", ascii(str(path)), "name an existing key file or keyring") from None
    if len(data) > largest:
        raise UserError("too large for a key file or keyring", str(path), "name the right file")
    return data
