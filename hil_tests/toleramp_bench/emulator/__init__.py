"""The emulated board. The only package that touches the emulator: a new version of that shows up here
first."""

from toleramp_bench.emulator.board import Board
from toleramp_bench.emulator.edges import EdgeLog
from toleramp_bench.emulator.repl import Repl, ReplError

__all__ = ["Board", "EdgeLog", "Repl", "ReplError"]
