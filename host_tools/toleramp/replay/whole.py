"""A session log, replayed: each recorded run of it, or one line why it cannot be."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pump.tables import messages
from toleramp.errors import UserError
from toleramp.live import session_log
from toleramp.replay.identity import core_hash
from toleramp.replay.player import Outcome, Player
from toleramp.replay.rebuild import Misfit
from toleramp.replay.recording import Run, runs
from toleramp.replay.scans import Bytes, Torn, beginning

PL_PULSE = 100_000  # where no status of the log says another
_PUMP_LOG = "pump-log"


@dataclass
class Piece:
    """One recorded run and what its replay showed."""

    run: Run
    outcome: Outcome
    cut: bool = False  # the power went, or a reset came, before the laptop had fetched all

    @property
    def proved(self) -> bool:
        """Every decision of it is equal, and nothing of it is missing."""
        return self.outcome.difference is None and not self.run.why


def replay(path: str) -> list[Piece]:
    """Replays a file. UserError when it is no session log, has no recording, or one of another core."""
    log = _read(path)
    found = runs(log)
    if not found:
        raise UserError(
            "holds no recording of the pump's inputs", path, "record one with `toleramp monitor --log`, from "
            "power-on or while nothing flows",
        )  # fmt: skip
    pl_pulse = next((record["pl_pulse"] for record in log.of("status")), PL_PULSE)
    pieces = [Piece(run, _outcome(run, path, pl_pulse)) for run in found]
    for piece, later in itertools.pairwise(pieces):
        piece.cut = later.run.number >> 8 != piece.run.number >> 8
    return pieces


def _read(path: str) -> session_log.Log:
    try:
        with Path(path).open("rb") as file:
            head = file.readline(400)
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path) from None
    if b'"' + _PUMP_LOG.encode() + b'"' in head:
        what = "a log of the pump's memory: it holds what was decided, not each scan's inputs"
        raise UserError(what, path, "give the session log of `toleramp monitor --log`")
    return session_log.read(path)


def _outcome(run: Run, path: str, pl_pulse: int) -> Outcome:
    where = f"{path}, recording {run.number & 255} of power-on {run.number >> 8}"
    demand_same(run, where)
    try:
        player = Player(bytes(run.data), str(run.pump["oximeter"]["reads"]), pl_pulse)
    except Torn:
        run.why = "the recording ends before its first scan"
        return Outcome(0)
    except (ValueError, KeyError, Misfit) as error:
        raise UserError(f"its beginning is damaged: {error}", where) from None
    return player.run()


def demand_same(run: Run, where: str) -> None:
    """UserError for a recording of other firmware, by its names."""
    pump = run.pump
    contract = pump.get("contract", f"{messages.CONTRACT:08x}")
    try:
        which = beginning(Bytes(bytes(run.data))).which if contract == f"{messages.CONTRACT:08x}" else ""
    except (Torn, ValueError):
        return
    if which != core_hash():
        its = f"{pump.get('version')} ({pump.get('git') or 'no git'}, contract {contract}, core {which or 'unknown'})"
        mine = f"contract {messages.CONTRACT:08x}, core {core_hash()}"
        raise UserError(f"recorded from firmware {its}; this tool has {mine}", where, "replay it with that version")


def facts(piece: Piece) -> dict[str, Any]:
    """Figures of a piece, for those who sum them up."""
    return {"scans": piece.outcome.scans, "records": piece.outcome.records, "proved": piece.proved}
