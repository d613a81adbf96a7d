"""What a worker does: a few sessions, to lines. And what its code is, so that no result of other code gets in."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from dataclasses import dataclass
from functools import cache

from toleramp_bench.campaign.line import text_of
from toleramp_bench.campaign.model import Campaign
from toleramp_bench.campaign.session import run_session
from toleramp_bench.places import ROOT

_SOURCES = (
    "firmware/pump/**/*.py",
    "firmware/oximeters/*.py",
    "boards/pump_pico/mechanism.py",
    "host_tools/toleramp/device/wire.py",
    "hil_tests/toleramp_bench/*.py",
    *(
        f"hil_tests/toleramp_bench/{room}/*.py"
        for room in ("boards", "devices", "people", "plant", "runs", "scenario", "targets")
    ),
)
# What decides a session; how sessions are shared out, kept and drawn does not.
_DECIDES = (
    "course", "draws", "judge", "judge_rate", "judge_still", "line", "model", "session",
)  # fmt: skip


class OtherCode(Exception):
    """A worker that has other sources than the one who asks it."""


@dataclass(frozen=True)
class Job:
    """Some sessions of a campaign, to be run by the code with this digest."""

    campaign: Campaign
    code: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """Their lines, and who made them: host and process, with the memory it holds now (KB)."""

    lines: tuple[str, ...]
    worker: str
    rss_kb: int


@cache
def code_hash() -> str:
    """Digest of all sources that decide a session's outcome, and of the Python version."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    paths = [path for pattern in _SOURCES for path in ROOT.glob(pattern)]
    paths += [ROOT / "hil_tests/toleramp_bench/campaign" / f"{name}.py" for name in _DECIDES]
    for path in sorted(paths):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def work(job: Job) -> Batch:
    """Runs them. Raises OtherCode."""
    if code_hash() != job.code:
        raise OtherCode(f"{socket.gethostname()} has other sources ({code_hash()}, asked for {job.code})")
    lines = tuple(text_of(run_session(job.campaign, number)) for number in job.numbers)
    return Batch(lines, f"{socket.gethostname()} {os.getpid()}", rss_kb())


def rss_kb() -> int:
    """Memory that this process holds now; where the system does not tell, the most it has held."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except (OSError, ValueError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
