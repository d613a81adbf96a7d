"""The flash's file system: mounted at power-up, and made where nothing was; never over something unreadable.

It takes more than one write. A mark in the last block says that it is being made: where the power goes meanwhile, the
next power-up finds the mark and makes it anew, since there was nothing before. Without a file system the pump runs, and
has no keys.
"""

import rp2
import vfs
from board_regions import FILES_BYTES, LOG_BYTES, SECTOR_BYTES

_PAGE = 256
_ERASE = 6  # of a block device's ioctl
_LAST = FILES_BYTES // SECTOR_BYTES - 1
_MARK = b"TOLERAMP MAKES A FILE SYSTEM HERE"


def mount():
    """At power-up, before all else."""
    device = rp2.Flash(start=LOG_BYTES, len=FILES_BYTES)
    files = _files(device)
    marked = _reads(device, _LAST, 0)[: len(_MARK)] == _MARK
    if files is None and (marked or _blank(device)):
        _make(device, marked)
        files = _files(device)
    if files is None:
        return
    if marked:  # the power went when it was made, and not taken away yet
        device.ioctl(_ERASE, _LAST)
    vfs.mount(files, "/")


def _files(device):
    """The file system that lies there, None: it cannot be read."""
    try:
        return vfs.VfsLfs2(device, progsize=_PAGE)
    except OSError:
        return None


def _reads(device, block, at):
    data = bytearray(_PAGE)
    device.readblocks(block, data, at)
    return data


def _blank(device):
    """Whether nothing was ever written: the two blocks that a file system begins with, and each other's beginning."""
    nothing = b"\xff" * _PAGE
    for block in range(_LAST + 1):
        for at in range(0, SECTOR_BYTES if block < 2 else _PAGE, _PAGE):
            if _reads(device, block, at) != nothing:
                return False
    return True


def _make(device, marked):
    if not marked:
        page = bytearray(b"\xff" * _PAGE)
        page[: len(_MARK)] = _MARK
        device.writeblocks(_LAST, page, 0)
    vfs.VfsLfs2.mkfs(device, progsize=_PAGE)
    device.ioctl(_ERASE, _LAST)
