"""`toleramp campaign`: runs what is missing, keeps it, and ends in summary.json and index.html."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pump.protocol import protocol as p
from toleramp import whole_files
from toleramp.errors import UserError
from toleramp_bench.campaign.farm import CHUNK, Farm, cores, open_farm
from toleramp_bench.campaign.file import read_campaign
from toleramp_bench.campaign.model import Campaign
from toleramp_bench.campaign.row import Row
from toleramp_bench.campaign.store import Head, Store
from toleramp_bench.campaign.summary import Document, Memory, Summary, summed
from toleramp_bench.campaign.work import Batch, Job, code_hash, rss_kb, run_session
from toleramp_bench.places import ROOT

OUT = ROOT / "build" / "campaigns"
SUMMARY, PAGE = "summary.json", "index.html"
MOST_SESSIONS = 1_000_000
SAY_S = 10.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """The command's options. `jobs` 0: one for each core."""

    file: Path
    sessions: int
    scheduler: str = "local"
    seed: int | None = None
    out: Path | None = None
    jobs: int = 0
    renew: bool = False


@dataclass
class Outcome:
    """`document`: what summary.json holds; `broken_off` by Ctrl-C."""

    document: Document
    folder: Path
    broken_off: bool = False


def run(options: Options, say: Say) -> Outcome:
    """Goes on until the sessions asked for are there. Raises UserError."""
    campaign = read_campaign(options.file, options.seed)
    folder = options.out or OUT / options.file.stem
    head = Head(campaign.name, campaign.digest, campaign.seed, code_hash())
    with Store(folder, head, options.renew) as store:
        work = Work(campaign, store, options, say)
        with _ended_by_term():
            broken_off = not work.carry_out()
        document = work.finish(p.decode(bytearray(campaign.blob)))
    return Outcome(document, folder, broken_off)


def one(file: Path, seed: int | None, number: int) -> Row:
    """One session again, alone."""
    return run_session(read_campaign(file, seed), number)


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """SIGTERM ends like Ctrl-C: no worker stays, what is done is summed up."""

    def end(number: int, at: Any) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Work:
    """One call: from where the folder stands to the number asked for."""

    def __init__(self, campaign: Campaign, store: Store, options: Options, say: Say) -> None:
        self.campaign, self.store, self.options, self.say = campaign, store, options, say
        self.memory = Memory()
        self.workers = options.jobs or cores()
        self._began = self._said = time.monotonic()
        self._first = store.done
        self._seconds = 0.0
        self._found = 0

    def carry_out(self) -> bool:
        """Runs what is missing; False when broken off."""
        wanted = self.options.sessions
        if self.store.done:
            self.say(f"{min(self.store.done, wanted)} of {wanted} sessions are there already")
        if self.store.done >= wanted:
            return True
        try:
            with open_farm(self.options.scheduler, self.workers) as farm:
                self.workers = farm.workers
                self._began = self._said = time.monotonic()
                self._gather(farm)
        except KeyboardInterrupt:
            self.say(f"broken off after {self.store.done} of {wanted} sessions; the same command goes on from here")
            return False
        finally:
            self._seconds = time.monotonic() - self._began
        return True

    def _gather(self, farm: Farm) -> None:
        for batch in farm.results(self._jobs()):
            self.store.add(batch.lines)
            self._measure(batch)
            self._found += sum('"findings":[]' not in line for line in batch.lines)
            if time.monotonic() - self._said >= SAY_S:
                self._tell()

    def _jobs(self) -> Iterator[Job]:
        code, last = code_hash(), self.options.sessions
        for first in range(self.store.done + 1, last + 1, CHUNK):
            yield Job(self.campaign, code, tuple(range(first, min(first + CHUNK, last + 1))))

    def _measure(self, batch: Batch) -> None:
        self.memory.note("this process", self.store.done, rss_kb())
        if self.workers > 1 or self.options.scheduler != "local":
            self.memory.note(f"worker {batch.worker}", self.store.done, batch.rss_kb)

    def _tell(self) -> None:
        self._said = now = time.monotonic()
        done, wanted = self.store.done, self.options.sessions
        rate = (done - self._first) / (now - self._began)
        found = f", {self._found} with findings" if self._found else ""
        self.say(
            f"{done} of {wanted} sessions{found}; {60 * rate:.0f} a minute, {(wanted - done) / rate / 60:.1f} min left"
        )

    # -- the end

    def finish(self, protocol: p.Protocol) -> Document:
        """Sums up what is there, and writes both files."""
        summary = summed(self.store.lines(self.options.sessions))
        document = self._document(summary, protocol)
        from toleramp_bench.campaign import page, plots  # drawing takes a second to import

        pictures = plots.draw(summary, self.memory, len(protocol.steps))
        for name, text in (
            (SUMMARY, json.dumps(document, indent=1) + "\n"),
            (PAGE, page.html(document, pictures)),
        ):
            whole_files.replace(self.store.folder / name, text.encode(), 0o644)
        return document

    def _document(self, summary: Summary, protocol: p.Protocol) -> Document:
        done, wanted = summary.sessions, self.options.sessions
        head, now = self.store.head, self.store.done - self._first
        found = summary.with_findings
        return {
            "campaign": head.name,
            "protocol": protocol.name,
            "file": head.file,
            "seed": head.seed,
            "code": head.code,
            "wanted": wanted,
            "complete": done == wanted,
            "verdict": (f"{found} of {done} sessions have findings" if found else "no findings")
            + ("" if done == wanted else ", not complete"),
            **summary.document(),
            "run": {
                "sessions": now,
                "seconds": round(self._seconds, 1),
                "per_minute": round(60 * now / self._seconds, 1) if now and self._seconds else 0.0,
                "workers": self.workers,
                "scheduler": self.options.scheduler,
                "memory": self.memory.document(),
            },
        }


def check_sessions(number: int) -> int:
    """The number, when it is one that can be run. Raises UserError."""
    if not 1 <= number <= MOST_SESSIONS:
        raise UserError(f"{number} is out of range", "--sessions", f"write 1 to {MOST_SESSIONS}")
    return number


def words(outcome: Outcome) -> str:
    """The outcome in a few lines."""
    d = outcome.document
    lines = [f"{d['sessions']} sessions: " + ", ".join(f"{n} {name}" for name, n in d["final"].items())]
    lines += [
        f"  session {f['session']} (seed {f['seed']}): {f['invariant']} at {f['at_s']:.0f} s: {f['text']}"
        for f in d["findings"]["listed"][:20]
    ]
    more = sum(d["findings"]["by_invariant"].values()) - 20
    lines += [f"  and {more} more"] if more > 0 else []
    for who, memory in d["run"]["memory"].items():
        span = f"{memory['first_kb'] / 1024:.1f} -> {memory['last_kb'] / 1024:.1f} MB"
        lines.append(f"memory, {who}: {span}, growth {memory['growth_kb']} KB over {memory['over_sessions']} sessions")
    if d["run"]["sessions"]:
        lines.append(f"{d['run']['per_minute']:.0f} sessions a minute, {d['run']['workers']} at once")
    return "\n".join([*lines, f"{d['verdict']}: {outcome.folder / PAGE}"])


def main_say(text: str) -> None:
    """Progress on standard error."""
    print(text, file=sys.stderr, flush=True)
