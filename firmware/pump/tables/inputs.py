"""The raw inputs of a scan beside keys and lines, a row each: name, how the board reads it, its pin, its sense.

`Snapshot.raw[number]` holds the reading as the part gives it. The pin is named as in the board's pins.py. The sense is
the module of pump.senses that judges it: it has a class Sense.
"""

ADC = 0  # counts of 0 to 4095 over 3.3 V
PORT = 1  # a pin of the expander: 1 high; 0 low, or nothing answers

ROWS = (
    ("battery", ADC, "BATTERY", "battery"),
    ("supply", PORT, "GPB_SUPPLY_OK", "supply"),
)
NAMES = tuple([row[0] for row in ROWS])
COUNT = len(ROWS)
BATTERY, SUPPLY = range(COUNT)


def described():
    """What pump and tool must agree on: names, their order, how each is read."""
    return ["%s %d" % row[:2] for row in ROWS]
