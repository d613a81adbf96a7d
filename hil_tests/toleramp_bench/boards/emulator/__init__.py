"""The emulated board. The only package that touches the emulator: a new version of that shows up here
first."""

from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.emulator.edges import EdgeLog
from toleramp_bench.boards.emulator.repl import Repl, ReplError

__all__ = ["Board", "EdgeLog", "Repl", "ReplError"]
