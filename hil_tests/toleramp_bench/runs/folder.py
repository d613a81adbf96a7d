"""What a run leaves behind: one folder that says what ran, on what, and what was found; and a failure in words.

All but run.json is the same to the byte when the same scenario runs again on the same target with the same seed.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from toleramp.errors import UserError
from toleramp_bench.devices.pulses import RunLog
from toleramp_bench.runs import swap
from toleramp_bench.runs.judge import said
from toleramp_bench.runs.provenance import about
from toleramp_bench.runs.result import canonical
from toleramp_bench.scenario.model import LINES_KEPT, Recording, Scenario
from toleramp_bench.scenario.words import clock

Piece = tuple[int, int, int]  # first_us, interval_us, count
_NOT_OF_THE_RUN = ("evidence", "differences", "wall_s")
_LAST_EVENTS, _LAST_BYTES, _BYTES_NEAR_US = 15, 12, 1_000_000
_PLAIN_BYTES = 1_000_000  # lines.txt above is packed: four minutes of an oximeter that speaks 75 times a second
Line = tuple[int, str, bytes]  # t_us, name, what came


def write_folder(
    folder: Path,
    scenario: Scenario,
    recording: Recording,
    document: dict[str, Any],
    plant: Any,
    wall_s: float,
    seed: int,
    plots: bool = False,
) -> Path:
    """Writes <folder>/<target>/<scenario file's stem>/ whole, or leaves the old one; its path.

    `document`: the judged result. `wall_s` in seconds. `plots` costs 0.3 s, once 0.4 s more. UserError when it
    cannot be written.
    """
    place = folder / recording.target / scenario.path.stem
    new = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        swap.sweep(place)
        new.mkdir()
        try:
            _fill(new, scenario, recording, document, plant, about(scenario, recording, document, wall_s, seed))
            if plots:
                from toleramp_bench.runs.plots import draw

                draw(new, scenario, recording, document)
            swap.put(new, place)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        remedy = "name another folder with --out"
        raise UserError(f"the evidence cannot be written: {error.strerror or error}", str(place), remedy) from None
    return place


def _fill(
    new: Path, scenario: Scenario, recording: Recording, document: dict[str, Any], plant: Any, run: dict[str, Any]
) -> None:
    own = {key: value for key, value in document.items() if key not in _NOT_OF_THE_RUN}
    texts: dict[str, Callable[[], str]] = {
        "scenario.toml": lambda: scenario.text,
        "result.json": lambda: canonical(own) + "\n",
        "run.json": lambda: json.dumps(run, ensure_ascii=False, indent=1) + "\n",
        "events.jsonl": lambda: _json_lines(recording.records),
        "pulses.csv": lambda: _csv(_pulse_rows(recording)),
        "plant.jsonl": lambda: _json_lines(event._asdict() for event in plant.events),
        "steps.csv": lambda: _csv(_step_rows(document.get("steps", []))),
    }
    for name, text in texts.items():
        (new / name).write_bytes(text().encode())
    (new / "protocol.tlp").write_bytes(scenario.blob)
    if recording.lines:
        _put_lines(new, _lines_text(recording.lines).encode())


def _put_lines(new: Path, data: bytes) -> None:
    """lines.txt, or lines.txt.gz with no time in it, so that it stays the same to the byte."""
    if len(data) <= _PLAIN_BYTES:
        (new / "lines.txt").write_bytes(data)
    else:
        (new / "lines.txt.gz").write_bytes(gzip.compress(data, 6, mtime=0))


def _json_lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, default=_number) + "\n" for row in rows)


def _number(value: Any) -> float | str:
    return float(value) if isinstance(value, Fraction) else str(value)


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _step_rows(steps: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """A row a run of a step; "run" is there when a step ran more than once."""
    keys = list(dict.fromkeys(key for step in steps for key in step)) or ["step"]
    yield keys
    for step in steps:
        yield [step.get(key, "") for key in keys]


# -- pulses


def _pulse_rows(recording: Recording) -> Iterator[tuple[Any, ...]]:
    """Pulses that moved the motor, and all at the step pin: `count` of them from `first_us`, `interval_us` apart."""
    yield "pulses", "first_us", "interval_us", "count"
    for name, times in (("moved", recording.moved_us), ("pin", recording.pin_us)):
        for piece in runs_of(times):
            yield (name, *piece)


def runs_of(times: Any) -> Iterator[Piece]:
    """Pulse times in runs of equal intervals, each as long as it can be; a lone pulse has interval 0."""
    current: Piece | None = None
    for first, interval, count in _pieces(times):
        while count:
            if current is None:
                current, count = (first, interval if count > 1 else 0, count), 0
                continue
            begin, apart, n = current
            if n > 1 and first != begin + n * apart:
                yield current
                current = None
                continue
            apart = apart if n > 1 else first - begin
            taken = count if interval == apart else 1
            current = begin, apart, n + taken
            first, count = first + taken * interval, count - taken
    if current is not None:
        yield current


def _pieces(times: Any) -> Iterator[Piece]:
    if times is None:
        return
    if isinstance(times, RunLog):  # millions of pulses of a full-length run, which at() would go through one by one
        before = 0
        for first, interval, until in zip(times._first, times._interval, times._until, strict=True):
            yield first, interval, until - before
            before = until
        return
    for index in range(len(times)):
        yield times.at(index), 0, 1


# -- a failed run in words


def explain(document: dict[str, Any], recording: Recording) -> str:
    """Why a run failed, in plain text: what was expected, and the events, pulses and bytes before it was decided."""
    lines = [f"cannot pass yet, the pump lacks: {word}" for word in document.get("open", [])]
    shown: set[int] = set()
    for row in document.get("expectations", []):
        if row["met"]:
            continue
        t_ms = _decided_ms(str(row.get("why", "")), recording.end_ms)
        lines += [f"expected: {row['text']}", f"found:    {row.get('why', '')}"]
        if t_ms not in shown:
            lines += _around(recording, t_ms)
        shown.add(t_ms)
    lost = _not_kept(recording.lines)
    lines += [f"  {lost}"] if lost and shown else []
    if not lines and not document.get("passed"):
        lines.append("the run did not pass, and no expectation says why")
    if document.get("evidence"):
        lines.append(f"evidence: {document['evidence']}")
    return "\n".join(lines)


def _decided_ms(why: str, end_ms: int) -> int:
    """When it was decided: the latest time that the reason names; what never came was missing until the end."""
    times = re.findall(r"\b(\d{2,}):(\d\d):(\d\d)\.(\d{3})\b", why)
    if not times or re.match(r"none\b|only \d|.* never came", why):
        return end_ms
    return max(((int(h) * 60 + int(m)) * 60 + int(s)) * 1000 + int(ms) for h, m, s, ms in times)


def _around(recording: Recording, t_ms: int) -> list[str]:
    before = [record for record in recording.records if record["t_ms"] <= t_ms]
    left_out = len(before) - _LAST_EVENTS
    lines = [
        f"  {min(len(before), _LAST_EVENTS)} events up to {clock(t_ms)}"
        + (f", {left_out} before them" * (left_out > 0))
    ]
    lines += [f"    {said(record)} [{record['state']}]" for record in before[-_LAST_EVENTS:]]
    lines += [
        f"  {_pulse_words(name, times, t_ms)}"
        for name, times in (("moved", recording.moved_us), ("pin", recording.pin_us))
    ]
    near = [line for line in _kept(recording.lines) if abs(line[0] - t_ms * 1000) <= _BYTES_NEAR_US]
    if near:
        lines.append("  bytes within a second of it, the newest last")
        lines += [f"    {line}" for line in _byte_lines(near[-_LAST_BYTES:])]
    return lines


def _pulse_words(name: str, times: Any, t_ms: int) -> str:
    """Count, first and last pulse of all, and those beside a moment."""
    if times is None or not len(times):
        return f"pulses ({name}): none"
    count, text = times.count_until(t_ms * 1000), f"pulses ({name}): {len(times)}"
    text += f", first {_us(times.at(0))}, last {_us(times.at(len(times) - 1))}; until then {count}"
    text += f", the last of them {_us(times.at(count - 1))}" if count else ""
    return text + (f", the next {_us(times.at(count))}" if count < len(times) else "")


def _us(t_us: int) -> str:
    return f"{clock(t_us // 1000)}{t_us % 1000:03}"


# -- bytes of the lines


def _lines_text(lines: list[Line]) -> str:
    lost = _not_kept(lines)
    return "".join(f"{line}\n" for line in [*([lost] if lost else []), *_byte_lines(_kept(lines))])


def _kept(lines: list[Line]) -> list[Line]:
    """A target keeps the newest LINES_KEPT, and a full log does not tell whether it has lost any: one more goes."""
    return lines if len(lines) < LINES_KEPT else lines[1:]


def _not_kept(lines: list[Line]) -> str:
    """Says from when on the bytes are there; "" when all are."""
    return "" if len(lines) < LINES_KEPT else f"earlier bytes were not kept: from {_us(lines[1][0])}"


def _byte_lines(lines: list[Line]) -> Iterator[str]:
    for t_us, name, data in lines:
        yield f"{_us(t_us)} {name:9} {data.hex(' ')}"
