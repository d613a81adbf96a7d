"""Entries of a pump's log for people, as the monitor words them, and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from pump.tables import events
from toleramp.live.amounts import bag_name, clock
from toleramp.live.lines import by, loaded, sentence
from toleramp.pump_log.entries import Entry
from toleramp.words import rows, vital_signs
from toleramp.words.times import NO_CLOCK

# In the order of a CSV's columns.
COLUMNS = (
    "slot", "seq", "boot", "t_ms", "pump_clock", "event", "code", "arg", "user", "person", "state", "step", "solution",
    "rate_ml_h", "pulses", "total_ml", "dose_ppm", "content", "contract", "numbers", "signs",
)  # fmt: skip
_SHOWN = 80  # of a content that is text


def line(entry: Entry) -> str:
    """An entry in one line."""
    said = f"{entry['slot']:5}  "
    if "seq" not in entry:
        return said + "damaged in the pump's memory"
    said += f"{entry['boot']:3}  {clock(entry['t_ms']):>10}  {_time_of_day(entry)}  "
    if "numbers" in entry:
        fields = entry["numbers"]
        said += f"firmware with contract {entry['contract']:08x}: event {fields['kind']}"
        return said + "".join(f", {name} {fields[name]}" for name in ("code", "arg") if name in fields)
    if entry["event"] is None:
        return said + f"goes on with a record that is missing{_content(entry)}"
    bag = bag_name(entry["arg"]) if rows.group(events, entry["event"]) & events.BAGS else ""
    return said + sentence(entry, bag) + by(entry) + ("" if _is_minute(entry) else _content(entry))


def _is_minute(entry: Entry) -> bool:
    """Whether its content is a minute of vital signs, which its sentence tells."""
    return rows.number(events, entry.get("event")) == events.VITALS


def _time_of_day(entry: Entry) -> str:
    said = entry["pump_clock"]
    return f"{said[:10]} {said[11:19]} UTC" if said else NO_CLOCK


def _content(entry: Entry) -> str:
    """What the continuation says: as text where it is one, else as hexadecimal digits."""
    content: bytes = entry["content"].rstrip(b"\0")
    if not content:
        return ""
    if rows.number(events, entry["event"]) == events.LOADED:
        return f" ({loaded(content)})"
    text = content.decode("utf-8", "replace")
    readable = text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text
    return f" ({text[:_SHOWN]})" if readable else f" ({content.hex()})"


def document(entry: Entry) -> dict[str, object]:
    """An entry for programs: the content as hexadecimal digits, the contract as people write it."""
    changed: dict[str, object] = {"content": entry["content"].hex()}
    if _is_minute(entry):
        changed["signs"] = vital_signs.of_content(entry["content"])
    if "numbers" in entry:
        numbers = {k: v.hex() if isinstance(v, bytes) else v for k, v in entry["numbers"].items()}
        changed |= {"contract": f"{entry['contract']:08x}", "numbers": numbers}
    return {**entry, **changed}


def json_lines(found: Iterable[Entry]) -> Iterator[str]:
    """A line of JSON for each."""
    return (json.dumps(document(entry), separators=(",", ":")) + "\n" for entry in found)


def csv_lines(found: Iterable[Entry]) -> Iterator[str]:
    """A line with the columns, then one for each. No text of a person's stands in it: no cell is a formula."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for entry in found:
        row = document(entry)
        for column in ("numbers", "signs"):
            if column in row:
                row[column] = json.dumps(row[column], separators=(",", ":"))
        writer.writerow(row)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()
