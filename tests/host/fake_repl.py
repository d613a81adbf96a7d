"""A board whose console is MicroPython's raw REPL over a pty: runs what it is sent, in a folder of ours."""

import io
import os
import select
import threading
import tty
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

BANNER = b"raw REPL; CTRL-B to exit\r\n>"


class FakeRepl:
    """`port` is the pty's name, `files` what the board's file system holds by absolute path."""

    def __init__(self, folder: Path, toleramp: bool = True) -> None:
        self.folder, self.toleramp = folder, toleramp
        self.spoil = False  # the flash keeps another byte than was written
        self.cut_after: int | None = None  # the cable is pulled after so many snippets
        self.ran: list[str] = []
        self.master, self._slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._names: dict[str, Any] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def files(self) -> dict[str, bytes]:
        """The board's files."""
        return {f"/{path.name}": path.read_bytes() for path in self.folder.iterdir()}

    def close(self) -> None:
        """Ends it."""
        self._done.set()
        if self._thread is not threading.current_thread():
            self._thread.join(5)
        for fd in (self.master, self._slave):
            with suppress(OSError):
                os.close(fd)

    def _run(self) -> None:
        code, raw = b"", False
        while not self._done.is_set():
            if not select.select([self.master], [], [], 0.01)[0]:
                continue
            for byte in os.read(self.master, 4096):
                if byte == 1:
                    raw = True
                    self._say(b"R\0" if code == b"\x05A" else BANNER)
                    code = b""
                elif byte == 2:
                    raw, code = False, b""
                elif byte == 4 and raw:
                    self._answer(code.lstrip(b"\r\x03").decode())
                    code = b""
                else:
                    code += bytes((byte,))

    def _say(self, data: bytes) -> None:
        with suppress(OSError):
            os.write(self.master, data)

    def _answer(self, code: str) -> None:
        self.ran.append(code)
        if self.cut_after is not None and len(self.ran) > self.cut_after:
            self._done.set()
            os.close(self._slave)
            os.close(self.master)
            return
        out, error = io.StringIO(), ""
        try:
            exec(code, self._world(out))
        except Exception as problem:
            error = f"Traceback (most recent call last):\r\n{type(problem).__name__}: {problem}\r\n"
        self._say(b"OK" + out.getvalue().encode() + b"\x04" + error.encode() + b"\x04>")

    def _world(self, out: io.StringIO) -> dict[str, Any]:
        """What a snippet can use: print, open and os.rename within the folder, build_info of a Toleramp image."""

        def path(name: str) -> str:
            return str(self.folder / name.lstrip("/"))

        def fetch(name: str, *_: object) -> Any:
            if name == "build_info" and self.toleramp:
                return SimpleNamespace(BUILD_HASH="b1")
            if name == "os":
                return SimpleNamespace(rename=self._renamer(path))
            raise ImportError(f"no module named {name!r}")

        def opened(name: str, mode: str = "r") -> Any:
            return open(path(name), mode)

        world: dict[str, Any] = {"open": opened, "__import__": fetch, "repr": repr}
        world["print"] = lambda *values: print(*values, file=out)
        self._names["__builtins__"] = world
        return self._names

    def _renamer(self, path: Any) -> Any:
        def rename(old: str, new: str) -> None:
            os.replace(path(old), path(new))
            if self.spoil:
                data = bytearray(Path(path(new)).read_bytes())
                data[-1] ^= 1
                Path(path(new)).write_bytes(data)

        return rename
