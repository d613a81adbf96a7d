"""Nonin data format 7: data format 2 with a pleth of 16 bits, 9600 8N1.

    status (bit 7 set) | pleth, high byte | low byte | value by frame number | sum of the four, modulo 256

No byte is the same in each frame, so one window of five in some hundred fits by chance: a packet counts only after 25
frames in a row from a first one on, and as in data format 2 its redundant fields must agree (VIT-3).
"""

from oximeters import nonin_df2

BAUD, PARITY = 9600, None
SILENCE_MS = nonin_df2.SILENCE_MS
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 1, 300


class Parser(nonin_df2.Parser):
    """As that of data format 2, for wide frames."""

    wide = 1
