"""Wall time: seconds since 2020-01-01 00:00:00 UTC, and the registers of a DS3231 (BCD, 24 hours, its clock in UTC).

Since 2000 they would pass 30 bits in January 2034, since 1970 they have; since 2020 they do so with the year 2053. A
time before FIRST_S is none: no pump was made then, and a clock without its battery begins anew in the year 2000.
"""

from pump.base.compat import micropython

UNREAD, NO_TIME = -1, 0  # nobody has asked a clock yet; it answers, and says no time that can be
EPOCH = 1_577_836_800  # 2020-01-01 as seconds since 1970-01-01
FIRST_S = 157_852_800  # 2025-01-01
LAST_S = 1_073_001_599  # the last second of 2053
REGISTERS = 7  # second, minute, hour, day of the week, day, month, year
_DAY_S = 86_400
_SECOND, _MINUTE, _HOUR, _WEEKDAY, _DATE, _MONTH, _YEAR = range(REGISTERS)
_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)  # days of a common year before each month
_WEDNESDAY = 2  # 2020-01-01, Monday is 0


@micropython.native
def _number(bcd, most):
    """What two BCD digits say, -1 when it is no number up to `most`."""
    value = (bcd >> 4) * 10 + (bcd & 15)
    return value if bcd & 15 <= 9 and value <= most else -1


@micropython.native
def seconds(registers):
    """The time in those registers (their first REGISTERS bytes); NO_TIME for what is none, or before FIRST_S."""
    second = _number(registers[_SECOND], 59)
    minute = _number(registers[_MINUTE], 59)
    hour = _number(registers[_HOUR], 23)
    date = _number(registers[_DATE], 31)
    month = _number(registers[_MONTH], 12)
    year = _number(registers[_YEAR], 53) - 20
    if second < 0 or minute < 0 or hour < 0 or date < 1 or month < 1 or year < 5:
        return NO_TIME
    leap = 1 if year & 3 == 0 else 0
    length = _BEFORE[month] - _BEFORE[month - 1] + (leap if month == 2 else 0)
    if date > length:
        return NO_TIME
    days = year * 365 + (year + 3) // 4 + _BEFORE[month - 1] + (leap if month > 2 else 0) + date - 1
    return days * _DAY_S + hour * 3_600 + minute * 60 + second


def _bcd(value):
    return value // 10 << 4 | value % 10


def fill(registers, at, wall_s):
    """Writes that time (FIRST_S to LAST_S) to registers[at : at + REGISTERS]."""
    days, rest = wall_s // _DAY_S, wall_s % _DAY_S
    weekday = (days + _WEDNESDAY) % 7 + 1
    year = days * 4 // 1461
    days -= year * 365 + (year + 3) // 4
    leap = 1 if year & 3 == 0 else 0
    month = 1
    while days >= _BEFORE[month] + (leap if month >= 2 else 0):
        month += 1
    date = days - _BEFORE[month - 1] - (leap if month > 2 else 0) + 1
    values = (rest % 60, rest // 60 % 60, rest // 3_600, weekday, date, month, year + 20)
    for k in range(REGISTERS):
        registers[at + k] = _bcd(values[k])
