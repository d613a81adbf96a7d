"""What a worker does: a few sessions, to lines. And what its code is, so that no result of other code gets in."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pump.protocol import protocol as p
from toleramp_bench.campaign import judge, row
from toleramp_bench.campaign.case import Case
from toleramp_bench.campaign.draws import draw
from toleramp_bench.campaign.model import Campaign
from toleramp_bench.campaign.session import CampaignRun
from toleramp_bench.places import ROOT
from toleramp_bench.targets.campaign import CampaignTarget

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
    "case", "draws", "judge", "judge_rate", "judge_still", "model", "row", "session", "stills", "work",
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


def run_session(campaign: Campaign, number: int) -> dict[str, Any]:
    """The row of one session: what was drawn, what came of it, what was violated. A crash of the core is a finding."""
    protocol = p.decode(bytearray(campaign.blob))
    drawn = draw(campaign, protocol, number)
    target = CampaignTarget(protocol)
    try:
        run = CampaignRun(campaign, protocol, drawn, target)
        case = Case(run, run.go())
        return row.row_of(case, judge.findings(case))
    except Exception as error:
        return row.crashed(drawn, target.now_us, *_where(error))
    finally:
        target.close()


def _where(error: Exception) -> tuple[str, str]:
    """Whether the pump or the bench broke, and where."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = Path(frame.filename)
    name = "pump-crash" if "firmware" in place.parts else "bench-error"
    return name, f"{type(error).__name__}: {error} ({place.name}:{frame.lineno}, {frame.name})"


def work(job: Job) -> Batch:
    """Runs them. Raises OtherCode."""
    if code_hash() != job.code:
        raise OtherCode(f"{socket.gethostname()} has other sources ({code_hash()}, asked for {job.code})")
    lines = tuple(row.text_of(run_session(job.campaign, number)) for number in job.numbers)
    return Batch(lines, f"{socket.gethostname()} {os.getpid()}", rss_kb())


def rss_kb() -> int:
    """Memory that this process holds now; where the system does not tell, the most it has held."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except (OSError, ValueError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
