"""An HX711 on the rig's pins, with a load on its cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toleramp_bench.boards.emulator.board import Board

COUNTS_PER_G = 1000
_SAMPLE_NS = 100_000_000
_BITS = 24


class LoadCell:
    """A value every tenth of a second; `grams` is asked when it is read."""

    def __init__(self, board: Board, pins: Any, grams: Callable[[], float]) -> None:
        self._board, self._data, self._grams = board, pins.HX711_DT, grams
        self._value, self._bit = 0, 0
        board.set_input(self._data, 1)
        board.on_edge(pins.HX711_SCK, self._clocked, undriven=0)
        self._again()

    def _again(self) -> None:
        self._bit = 0
        self._board.set_input(self._data, 1)
        self._board.at_ns(self._board.now_ns + _SAMPLE_NS, lambda: self._board.set_input(self._data, 0))

    def _clocked(self, _t_ns: int, level: int) -> None:
        if not level:
            return
        if self._bit == 0:
            self._value = round(self._grams() * COUNTS_PER_G)
        self._bit += 1
        if self._bit > _BITS:
            self._again()
        else:
            self._board.set_input(self._data, self._value >> (_BITS - self._bit) & 1)
