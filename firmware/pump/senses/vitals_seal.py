"""What vital signs are judged by and when they were timed, folded for their seal (INT-4)."""

from pump.base.compat import micropython


@micropython.native
def folded(vitals):
    """What is judged by, and what was timed (INT-4)."""
    low = vitals._low
    severe = vitals._severe
    slow = vitals._slow
    bits = low.ms ^ low.side ^ severe.ms ^ severe.side ^ slow.ms ^ slow.side
    bits ^= vitals.spo2 ^ vitals.pulse ^ vitals.flags ^ vitals.fresh_ms ^ vitals.hold ^ vitals.bits ^ vitals.leased_ms
    bits ^= vitals.alert ^ vitals.recovered ^ vitals.worsened ^ vitals.sure ^ vitals._better ^ vitals._gone
    bits ^= vitals._looked_ms ^ vitals.good_ms ^ vitals.baseline ^ vitals._last ^ vitals._doubted ^ vitals._early_ms
    bits ^= vitals._signal_ms ^ vitals._missed_ms ^ vitals._sure_ms ^ vitals._sample_ms ^ vitals._least_stop
    bits ^= vitals._least_early ^ vitals._least_pulse ^ vitals._most_pulse ^ vitals._most_ms
    deficit = vitals._deficit
    worse = vitals._worse
    runs = vitals._violations
    bits ^= deficit.sum ^ deficit._points ^ worse._spo2 ^ worse._strayed
    return bits ^ runs._side ^ runs._inside ^ runs._run_ms ^ runs._last_ms ^ runs._before_ms
