"""The monitor's face: one line redrawn on a terminal, plain lines elsewhere, or records for a program."""

import json
import shutil
import sys
import time
from typing import Any

from pump.tables import events
from toleramp import terminal
from toleramp.live.lines import event_line, status_line
from toleramp.words import rows

Record = dict[str, Any]

REDRAW_S = 0.2
PLAIN_S = 10.0


class Screen:
    """Shows records of the session log as they come; `live` tells whether the last line is redrawn."""

    def __init__(self, json_lines: bool = False) -> None:
        self.json_lines = json_lines
        self.live = sys.stdout.isatty() and not json_lines
        self.protocol: Record | None = None
        self._drawn_at = -PLAIN_S
        self._drawn = ""

    def record(self, record: Record) -> None:
        """A record for a program: one JSON line; nothing for people."""
        if self.json_lines:
            print(json.dumps(record, separators=(",", ":")), flush=True)

    def status(self, record: Record) -> None:
        """The live line, at most 5 a second; without a terminal a line each 10 s."""
        if self.json_lines or time.monotonic() - self._drawn_at < (REDRAW_S if self.live else PLAIN_S):
            return
        self._drawn_at = time.monotonic()
        line = status_line(record, self.protocol)
        if self.live:
            self._draw(line)
        else:
            print(line, flush=True)

    def event(self, record: Record, bag: str) -> None:
        """A line that stays."""
        line = event_line(record, bag)
        urgent = rows.group(events, record["event"]) & events.URGENT
        self.line(terminal.emphasis(line) if urgent else line)

    def line(self, text: str) -> None:
        """A line that stays, above the live one."""
        if self.json_lines:
            return
        drawn = self._drawn
        self._wipe()
        print(text, flush=True)
        if drawn:
            self._draw(drawn)

    def lost(self, text: str) -> None:
        """The live line while the connection is lost; elsewhere nothing more than the first message."""
        if self.live:
            self._draw(text)

    def note(self, text: str) -> None:
        """A message about the tool itself, on standard error."""
        self.finish()
        terminal.say(text)

    def _draw(self, line: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\033[K{line[:width]}", end="", flush=True)
        self._drawn = line

    def _wipe(self) -> None:
        if self._drawn:
            print("\r\033[K", end="", flush=True)
            self._drawn = ""

    def finish(self) -> None:
        """Leaves the live line behind and the cursor below it."""
        if self._drawn:
            print(flush=True)
            self._drawn = ""
