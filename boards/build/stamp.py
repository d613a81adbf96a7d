"""Remembers what a build folder was built from, so that a build with nothing to do takes no time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from .frozen import Contents, project_version
from .toolchain import Toolchain

_STAMP = "built-from.json"
_CLAIM = "configured-for.txt"


@dataclass(frozen=True)
class Job:
    """Everything that decides what comes out of a build."""

    version: str
    build_hash: str
    git: str
    setting: str  # digest of what cannot be rebuilt in place: board definition, toolchain, folders
    repeatable: bool  # a checkout of one's own may change without notice: it is always built again

    @classmethod
    def of(cls, contents: Contents, chain: Toolchain, git: str) -> Job:
        """The job for these contents with this toolchain."""
        setting = hashlib.sha256(f"{chain.identity}\n{chain.mpy}\n{chain.sdk}\n".encode())
        setting.update(f"{Path(__file__)}\n{os.environ.get('MPY_LIB_DIR', '')}\n".encode())
        for name in sorted(contents.board):
            setting.update(name.encode() + b"\0" + contents.board[name] + b"\0")
        own = "MPY_LIB_DIR" in os.environ
        build_hash = contents.build_hash(chain.identity)
        return cls(project_version(), build_hash, git, setting.hexdigest(), chain.pinned and not own)

    def forget_if_foreign(self, out: Path, work: Path) -> None:
        """Drops the work folder when it was made for another board definition, toolchain or place."""
        (out / _STAMP).unlink(missing_ok=True)
        claim = work / _CLAIM
        if not claim.is_file() or claim.read_text() != self.setting:
            shutil.rmtree(work, ignore_errors=True)

    def claim(self, work: Path) -> None:
        """Marks the work folder as made for this job's setting."""
        work.mkdir(parents=True, exist_ok=True)
        (work / _CLAIM).write_text(self.setting)


def up_to_date(out: Path, job: Job, artifact: Path) -> bool:
    """Whether the artifact is the outcome of exactly this job."""
    stamp = out / _STAMP
    if not job.repeatable or not artifact.is_file() or not stamp.is_file():
        return False
    return stamp.read_text() == json.dumps(asdict(job))


def write_stamp(out: Path, job: Job) -> None:
    """Records a finished build."""
    part = out / f"{_STAMP}.part"
    part.write_text(json.dumps(asdict(job)))
    part.replace(out / _STAMP)
