"""Campaigns: many sessions with drawn patients, people and faults, each judged by what the bench measured.

A campaign file (TOML), every key but the first three optional; `[low, high]` is drawn evenly, a number stands as it is:

    format = 1
    name = "standard"
    protocol = "bwh12-500mg.toml"   # beside the file or shipped; or a [protocol] table: template = "bwh-12", drug = ...
    seed = 1                        # `--seed` goes before it

    [patient]                       # medians and sigmas of plant.patient.PatientConfig, by its names
    sensitivity_sigma = 1.2
    [staff]
    answer_s = [3, 20]              # from a prompt to the first press; at most 25: the pump waits 30 for a bag's choice
    bag_change_s = [20, 240]        # to hang the next bag
    hold_s = [10, 120]              # to look at the patient and to say what a hold was
    notice_s = [10, 90]             # from a sign of the patient to STOP
    rest_min = [5, 20]              # from the last sign to the resume
    back = [5, 3, 2]                # weights of resuming at the same step, one back, two back, after a mild reaction
    [plant]
    calibration = 0.05              # the mechanism's volume is off by up to this share, either way
    slip = { chance = 0.02, share = [0.001, 0.03] }   # share of its steps that the motor loses from some moment on
    [faults]                        # `chance`: of each session to have it; `times`: how often then (1)
    sensor_off = { chance = 0.15, seconds = [3, 120], times = [1, 2] }
    desaturation = { chance = 0.1, seconds = [20, 240], points = [4, 16] }   # not due to the drug
    artifact, frozen, host_silent, power_cut = { chance, seconds, times }
    stop_pressed, host_pause, wrong_bag = { chance, times }

A session is a whole one on the target "core" with a scan every second, from power-on to its end. Its number and the
campaign's seed decide all that is drawn, so that it can be run again alone.

What a scan of a second means: the pump looks at keys, oximeter and queue fifty times more rarely than as shipped. Times
from a cause to the last pulse are longer by up to two scans, and after STOP the pump counts up to a second of pulses
that the motor, cut off by the key itself, did not turn for (as shipped: 20 ms). Nothing is judged more mildly for it
than these two. Not in it: encoder, pressure, air, door, battery, which this target has not got. So a motor that slips
is counted, and its shortfall shown, but no finding.
"""
