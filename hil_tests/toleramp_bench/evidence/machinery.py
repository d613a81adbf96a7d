"""Carries out long runs as processes of their own and keeps what came out, so that a second call goes on from there.

A run's folder holds log.txt (its output), facts.json (its figures, written by itself) and result.json. The last is
written at the very end: a folder without it is a run that was broken off, and is started anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from toleramp_bench.places import ROOT

PASS, FAIL, ERROR = "PASS", "FAIL", "ERROR"
_VERDICTS = {0: PASS, 1: FAIL}
_LOOK_S = 0.2
_GRACE_S = 3
SAY_EVERY_S = 30.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """A long run: its command ("{out}" becomes its folder) and what its outcome depends on.

    Exit codes of the command: 0 pass, 1 fail, anything else an error of the bench. `product` is a file that it must
    have written; without it the outcome is an error, whatever the exit code.
    """

    name: str
    what: str
    target: str
    command: tuple[str, ...]
    inputs: tuple[str, ...]  # patterns below the checkout
    image: bool = False
    product: str = "facts.json"
    about: str = ""  # how long it takes, in words


@dataclass
class Result:
    """What result.json holds."""

    name: str
    verdict: str
    target: str
    command: list[str]
    inputs: str
    git: str
    image: str
    started: str
    duration_s: float
    exit_code: int
    last_line: str
    facts: dict[str, Any] = field(default_factory=dict)


# -- what a run depends on


def _files(root: Path, patterns: Iterable[str]) -> list[Path]:
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def inputs_hash(run: Run, root: Path = ROOT, image: str = "") -> str:
    """Digest of the command, the files and the image that decide the run's outcome."""
    digest = hashlib.sha256(json.dumps([run.command, sys.version_info[:2], image if run.image else ""]).encode())
    for path in _files(root, run.inputs):
        digest.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def git_state(root: Path = ROOT) -> str:
    """Commit, with "+dirty" when files differ from it; "unknown" outside a checkout."""
    try:
        head, changed = (
            subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout.strip()
            for words in (["rev-parse", "--short=10", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+dirty" if changed else "")


def image_state(image: Path) -> str:
    """The build hash of an image (its contents, not the commit), or its SHA-256; empty when there is none."""
    if not image.is_file():
        return ""
    stamp = image.with_name("built-from.json")
    if stamp.is_file():
        return str(json.loads(stamp.read_text(encoding="utf-8"))["build_hash"])
    return hashlib.sha256(image.read_bytes()).hexdigest()[:16]


# -- carrying out


class Evidence:
    """The folder of all runs: what is done, what is due, and the doing."""

    def __init__(self, folder: Path, say: Say = print, root: Path = ROOT, image: str = "") -> None:
        self.folder, self.say, self.root, self.image = folder, say, root, image

    def result(self, run: Run) -> Result | None:
        """The last outcome of a run, whatever its inputs; None when it was never finished."""
        try:
            return Result(**json.loads((self.folder / run.name / "result.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def up_to_date(self, run: Run) -> bool:
        """Whether the last outcome is that of the present inputs. An error of the bench is no outcome."""
        last = self.result(run)
        return bool(last and last.verdict != ERROR and last.inputs == inputs_hash(run, self.root, self.image))

    def carry_out(self, runs: Iterable[Run], fresh: bool = False) -> bool:
        """All runs that are due, one after the other; False when broken off by Ctrl-C."""
        runs = list(runs)
        for number, run in enumerate(runs, 1):
            head = f"[{number}/{len(runs)}] {run.name}"
            if not fresh and self.up_to_date(run):
                last = self.result(run)
                self.say(f"{head}: {last.verdict if last else ''} already, inputs unchanged")
                continue
            self.say(f"{head}: {run.what}" + (f" (about {run.about})" if run.about else ""))
            try:
                result = self.one(run)
            except KeyboardInterrupt:
                self.say(f"{head}: broken off; what was finished is kept, the same command goes on from here")
                return False
            self.say(f"{head}: {result.verdict} in {result.duration_s:.0f} s; {result.last_line}")
        return True

    def one(self, run: Run) -> Result:
        """Carries out one run and keeps its result."""
        folder = self.folder / run.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # Taken before the run: a file changed while it runs makes the result one of other inputs.
        inputs, git = inputs_hash(run, self.root, self.image), git_state(self.root)
        started, began = datetime.now().astimezone(), time.monotonic()
        command = [word.replace("{out}", str(folder)) for word in run.command]
        code = self._process(run, command, folder / "log.txt")
        made = (folder / run.product).is_file()
        result = Result(
            run.name, _VERDICTS.get(code, ERROR) if made else ERROR, run.target, list(run.command), inputs, git,
            self.image if run.image else "", started.isoformat(timespec="seconds"),
            round(time.monotonic() - began, 1), code, last_line(folder / "log.txt"), _facts(folder / "facts.json"),
        )  # fmt: skip
        part = folder / "result.json.part"
        part.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
        part.replace(folder / "result.json")
        return result

    def _process(self, run: Run, command: list[str], log: Path) -> int:
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
            try:
                return self._attend(run, process, log)
            finally:
                _end(process)

    def _attend(self, run: Run, process: subprocess.Popen[bytes], log: Path) -> int:
        began = said = time.monotonic()
        while True:
            try:
                return process.wait(_LOOK_S)
            except subprocess.TimeoutExpired:
                now = time.monotonic()
            if now - said >= SAY_EVERY_S:
                said = now
                self.say(f"    {run.name}: {(now - began) / 60:.1f} min; {last_line(log)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that still runs. Ctrl-C at a terminal reached it too: it gets time to clear up by itself."""
    for ask in (lambda: None, lambda: process.send_signal(signal.SIGINT), process.kill):
        if process.poll() is not None:
            return
        ask()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)


def last_line(log: Path) -> str:
    """The last line with anything on it, shortened."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    return lines[-1][:200] if lines else ""


def _facts(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
