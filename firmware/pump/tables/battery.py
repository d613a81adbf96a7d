"""The battery's last half hour, a row a step: minutes that are left, the condition that the pump has from then on.

One lithium cell of 3 Ah feeds all, the motor too (boards/pump_pico/README.md), through converters that give up at
3.0 V. What is left of it follows from its voltage: the open-circuit voltages of such cells near their end, as measured
with pauses (lygte-info.dk, "Battery charge percent": 18650 cells), less what the load takes off. The draw is the most
that the board may take; until one was measured, a cell of less capacity is told too late. All ours but the voltages.
"""

from array import array

from pump.tables import causes

ROWS = (
    (30, causes.BATTERY_LOW),
    (15, causes.BATTERY_15),
    (5, causes.BATTERY_5),
    (3, causes.BATTERY_FLAT),  # it holds: the rest of the charge is for the alarm and the log
)
REST_MV = ((0, 3_000), (50, 3_450), (100, 3_680), (200, 3_740))  # permille of the charge, mV at rest
CELL_MAH = 3_000
LOAD_MA = 900  # 3.2 W at 3.5 V
SAG_MV = 60  # the load's, over 65 milliohm
BACK_MV = 100  # above its limit a step is over: more than what the load takes off
MISSING_MV = 2_500  # no cell is as low: there is none, or its wire is broken


def _limit_mv(minutes):
    """The voltage under load at which so many minutes are left."""
    permille = LOAD_MA * minutes * 1000 // (60 * CELL_MAH)
    for k in range(len(REST_MV) - 1):
        low, low_mv = REST_MV[k]
        high, high_mv = REST_MV[k + 1]
        if permille <= high:
            return low_mv + (high_mv - low_mv) * (permille - low) // (high - low) - SAG_MV
    return REST_MV[-1][1] - SAG_MV


COUNT = len(ROWS)
CAUSE = bytes([row[1] for row in ROWS])
LIMIT_MV = array("H", [_limit_mv(row[0]) for row in ROWS])


def described():
    """What pump and tool must agree on: minutes, conditions, voltages."""
    return ["%d %d %d" % (row[0], row[1], LIMIT_MV[k]) for k, row in enumerate(ROWS)]
