"""What is known of rows stands in pump.tables alone: the sources are read for what says it a second time.

`python tests/test_tables.py [PATH...]` prints what is found.
"""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from table_reading import Finding, Reading, read_tables

CHECKOUT = Path(__file__).parents[1]
TABLES = CHECKOUT / "firmware" / "pump" / "tables"
ROOTS = ("firmware", "host_tools", "hil_tests", "boards")

# Words that are no row's name where they stand, though they look like one; each says what it is instead.
ELSEWHERE = {
    ("host_tools/toleramp/protocol/page.py", "'step'"): "the title of a column, beside that of the bag",
    ("host_tools/toleramp/protocol/page.py", "'bag'"): "the title of a column, beside that of the step",
    ("hil_tests/toleramp_bench/boards/rig/emulated.py", "'STOP'"): "a contact of the rig: the pin of that name",
    ("hil_tests/toleramp_bench/boards/rig/wiring.py", "'oximeter'"): "a wire of the rig",
}


def read(checkout: Path = CHECKOUT) -> list[Finding]:
    """All findings of a checkout, exempt words included."""
    reading = Reading(read_tables(TABLES))
    for root in ROOTS:
        for path in sorted((checkout / root).rglob("*.py")):
            place = path.relative_to(checkout)
            if path.parent != TABLES:
                module = ".".join(place.with_suffix("").parts[1:]).removesuffix(".__init__")
                reading.add(str(place), path.read_text("utf-8"), module)
    return list(reading.findings())


@cache
def wrong() -> tuple[Finding, ...]:
    """The findings of this checkout."""
    return tuple(finding for finding in read() if (finding.path, finding.what) not in ELSEWHERE)


@pytest.mark.parametrize("root", ROOTS)
def test_what_is_known_of_rows_stands_in_the_tables_alone(root: str) -> None:
    """Else a new state, alarm or message is one row and twenty lists that nobody remembers."""
    found = [str(finding) for finding in wrong() if finding.path.startswith(f"{root}/")]
    assert not found, "\n".join(found)


def test_no_exempt_word_is_left_over() -> None:
    """Else the list of exceptions grows, and hides the next real one."""
    found = {(finding.path, finding.what) for finding in read()}
    assert set(ELSEWHERE) <= found, set(ELSEWHERE) - found


# -- the reading itself: every form is planted, and found

HEAD = """
from pump.tables import alarms, causes, events, refusals, vitals
from pump.tables import states as s
from pump.tables.events import PAUSED, STOPPED as ENDED
from pump.tables.states import RUNNING
from other import HELD_AGAIN, states as theirs
import pump.tables.states
_HELD = const(s.HELD)
EVENTS = Names(events)
"""
OTHER = "from pump.tables import states\nfrom pump.tables.states import HELD as HELD_AGAIN\nSTATES = Names(states)\n"

ROWS = {
    "tuple": "x = (RUNNING, s.HELD)",
    "list": "x = [s.READY, s.ARMED]",
    "set": "x = {events.BOOT, PAUSED}",
    "dict": "x = {s.IDLE: 1, s.READY: 2}",
    "values": "x = {1: s.IDLE, 2: s.READY}",
    "or": "if state == RUNNING or state == s.HELD: pass",
    "chain": "if s.HELD == state == RUNNING: pass",
    "bits": "mask = vitals.ARTIFACT | vitals.DEGRADED",
    "call": "x = frozenset([PAUSED]) | frozenset([ENDED])",
    "arguments": "if one_of(state, RUNNING, s.HELD): pass",
    "either": "state = RUNNING if flows else s.HELD",
    "lambda": "x = lambda state: state == RUNNING or state == _HELD",
    "alias": "x = (_HELD, RUNNING)",
    "objects of names": "x = (EVENTS.PAUSED, EVENTS.STOPPED)",
    "objects of names elsewhere": "from other import STATES\nx = {STATES.HELD, STATES.READY}",
    "through another module": "x = HELD_AGAIN, RUNNING",
    "through another module's table": "x = theirs.HELD, theirs.READY",
    "whole path": "x = (pump.tables.states.HELD, RUNNING)",
    "default": "def f(a=(RUNNING, s.HELD)): pass",
    "match": "match state:\n    case s.RUNNING | s.HELD: pass",
    "class": "class A:\n    x = (RUNNING, s.HELD)",
    "comprehension": "x = [f for f in y if f == RUNNING or f == s.HELD]",
}
ORDER = {
    "less": "if state < s.HELD: pass",
    "chain": "if s.HELD <= state: pass",
    "range": "x = range(s.HELD, 12)",
    "most": "x = max(state, s.HELD)",
    "plus": "x = s.HELD + 1",
    "minus": "x = number - causes.MILD",
    "slice": "x = names[events.BOOT:]",
    "negative": "x = -s.HELD",
    "alias": "if state > _HELD: pass",
}
NAMES = {
    "two words": "x = 'spo2-stop'",
    "underscore": "x = f('step_started')",
    "bytes": "x = b'signal-lost'",
    "equal": "if state == 'running': pass",
    "unequal": "if 'held' != state: pass",
    "in": "if code in ('mild',): pass",
    "in words": "if code in 'severe': pass",
    "tuple": "x = ('running', 'held')",
    "set": "x = {'mild', 'severe'}",
    "dict": "x = {'order': 1, 'range': 2}",
    "list in a text": "x = 'idle ready armed'.split()",
    "keyword": "f(state='running')",
    "value": "x = {'event': 'armed'}",
    "lookup": "x = s.NAMES.index('running')",
    "subscript": "x = events.NUMBER['armed']",
    "match": "match code:\n    case 'mild': pass",
    "beginning": "if name.startswith('bag_'): pass",
    "default of get": "x = {'code': 'mild'}.get('code')",
    "inside an f-string": "x = f\"{'spo2-stop'}\"",
}
PLANTED = {"rows": ROWS, "order": ORDER, "name": NAMES}
FINE = {
    "one row": "if state == RUNNING: pass",
    "two statements": "if state == RUNNING: pass\nif state == s.HELD: pass",
    "two tables": "f(events.STOPPED, s.STOPPED)",
    "a group": "if s.GROUP[state] & (s.FLOWS | s.ON): pass",
    "a row's words": "WORDS[causes.MILD] = 'mild reaction'",
    "a state and its cause": "return_ = s.HELD | causes.MILD << 8",
    "a docstring": "def f():\n    'running'",
    "prose": "x = 'the pump is running'",
    "prose with values": "x = f'running {state}'",
    "an ordinary word": "x = table['order']",
    "another collection": "x = ('order', 'first')",
    "a keyword of another meaning": "f(section='class')",
}


def found_in(snippet: str) -> set[str]:
    reading = Reading(read_tables(TABLES))
    reading.add("other.py", OTHER, "other")
    reading.add("planted.py", HEAD + snippet, "planted")
    return {finding.kind for finding in reading.findings()}


@pytest.mark.parametrize(
    ("kind", "form"),
    [(kind, form) for kind, forms in (("rows", ROWS), ("order", ORDER), ("name", NAMES)) for form in forms],
)
def test_every_form_is_found(kind: str, form: str) -> None:
    """Else the test above passes, whatever is written."""
    assert kind in found_in({"rows": ROWS, "order": ORDER, "name": NAMES}[kind][form])


@pytest.mark.parametrize("form", FINE)
def test_what_code_may_say_is_not_found(form: str) -> None:
    """Else people write around the reading instead of into the tables."""
    assert found_in(FINE[form]) == set()


def test_every_table_is_read() -> None:
    """Else a table whose constants are made in another way is watched by nobody."""
    tables = read_tables(TABLES)
    for table, rows in tables.rows.items():
        module = import_module(table)
        constants = [name.upper().replace("-", "_") for name in getattr(module, "NAMES", ())]
        assert rows or not any(hasattr(module, name) for name in constants), f"{table}: its constants are not seen"
    assert len(tables.names) > 100


def main(argv: list[str]) -> int:
    """Prints what is found, of the paths that begin as asked for; 1 if there is any."""
    found = [finding for finding in wrong() if not argv or finding.path.startswith(tuple(argv))]
    print("\n".join(map(str, found)))
    for (place, kind), count in sorted(Counter((f.path.split("/")[0], f.kind) for f in found).items()):
        print(f"{place} {kind}: {count}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
