"""The oximeter on the screen: SpO2 and pulse, or how old the last sure reading is, and the trend since START.

    SpO2 97% PR 72 v     a sure reading of now; at the end, where there is room: it falls (v), rises (^), is steady (=)
    SpO2 97? PR 72       an unsure one
    SpO2 -- 12 s AGO     none; a value that is old stands nowhere
    BASE 98 MIN 91 v     the baseline, the lowest since START, where it goes

Beside bench mode's word: `O2 97%P72`, `O2 -- 12 s`, ` 98 MIN 91v`. The trend takes turns with the progress of the step;
under an alarm with the reading, as long as that is sure and nothing is wrong with it. While a question is new, and its
press does not count yet, nothing takes turns.
"""

from pump.base.compat import micropython
from pump.panel.text import WIDTH, number, words
from pump.tables.messages import NONE8
from pump.tables.streams import WORDS as STREAM_WORDS
from pump.tables.trends import SIGN
from pump.tables.verdicts import GOOD, MARK, NONE

SHORT = 11  # columns beside bench mode's word
TURNS_S, TREND_S = 8, 3  # seconds of a round, and of the trend in it
WORD_S = 2  # what comes instead of readings, and the age of the last one
_LONG_S = 100  # from here on the age is told in minutes


@micropython.native
def _three(line, at, value):
    """A number below 1000 at the right end of three columns, `--` for NONE8; returns the next column."""
    if value == NONE8:
        words(line, at + 1, b"--")
    else:
        number(line, at + 2 if value < 10 else at + 1 if value < 100 else at, value)
    return at + 3


@micropython.native
def trend(line, vitals, short):
    """Baseline, lowest and where SpO2 goes."""
    since = vitals.trend
    at = _three(line, 0 if short else words(line, 0, b"BASE"), vitals.baseline)
    at = _three(line, words(line, at, b" MIN"), since.lowest)
    words(line, at if short else at + 1, SIGN[since.goes])


@micropython.native
def trends(pump):
    """True in the seconds of the trend."""
    return pump.vitals.trend.on and not pump.attention.awaits and pump.t_s % TURNS_S < TREND_S


@micropython.native
def _age(line, at, age_ms):
    """` 12 s AGO`, in minutes when it is long; cut beside bench mode's word."""
    age_s = age_ms // 1000
    at = number(line, at + 1, age_s if age_s < _LONG_S else age_s // 60)
    return words(line, at, b" s" if age_s < _LONG_S else b" m")


@micropython.native
def _none(line, pump, short):
    """By turns what comes instead of readings, and how long ago the last sure one was."""
    vitals, oximeter = pump.vitals, pump.oximeter
    stream, age_ms = STREAM_WORDS[oximeter.stream], vitals.age_ms
    lost = vitals.alert and stream and (age_ms < 0 or pump.attention.awaits or pump.t_s % (2 * WORD_S) < WORD_S)
    at = words(line, 0, b"O2 " if short else b"SpO2 ")
    if oximeter.searches or lost:
        words(line, 0 if short else at, stream)
        return
    at = words(line, at, b"--")
    if age_ms >= 0:
        at = _age(line, at, age_ms)
        words(line, at, b"" if short else b" AGO")
    else:
        words(line, at, b" P--" if short else b" PR --")


@micropython.native
def reading(line, pump, short, alarmed):
    """Line 3 while a probe is meant to be on; `short`: SHORT columns; `alarmed`: line 4 is an alarm's."""
    vitals = pump.vitals
    quality = vitals.quality()
    if quality == NONE or pump.oximeter.searches:
        _none(line, pump, short)
        return
    if alarmed and quality == GOOD and not vitals.bits and trends(pump):
        trend(line, vitals, short)
        return
    at = number(line, words(line, 0, b"O2 " if short else b"SpO2 "), vitals.spo2)
    at = words(line, words(line, at, MARK[quality]), b"P" if short else b" PR ")
    at = number(line, at, vitals.pulse)
    if not short and vitals.trend.on and at < WIDTH - 1:
        words(line, WIDTH - 1, SIGN[vitals.trend.goes])
