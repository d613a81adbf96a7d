"""What a protocol means for one mechanism: pulses and intervals of each step. Computed while nothing flows.

Pulses are shared out along the running sum, so that rounding never adds up: after each step but the last the pulses so
far are within half a pulse of the ideal volume, and the last one completes the dose. Control and guard each make a
plan of their own, from their own copy.
"""

from array import array

from pump.base.compat import micropython
from pump.base.units import interval_parts, pulses_of, round_half_down
from pump.protocol.doses import dose_rate_fraction, gcd
from pump.protocol.protocol import LINE_FILL
from pump.protocol.vein import SALINE

TOLERANCE_NL = 20_000  # FLO-5: 0.02 mL + 2 % of what is due in the step, at most 0.2 mL
TOLERANCE_MAX_NL = 200_000
TOLERANCE_SHARE = 50
_FACTOR_END = 1 << 15
_SHIFT_MAX = 40
_HALF = 14
_HALF_MASK = (1 << _HALF) - 1


class Plan:
    """For each step: pulses, interval_us and remainder (1/rate_e4 us), rate, bag, dwell; tolerances in pulses.

    `counts` is 0 for a line-fill: its volume is pumped, but counts as no dose.
    """

    def __init__(self, protocol, pl_pulse):
        self.protocol = protocol
        self.pl_pulse = pl_pulse
        self.count = n = len(protocol.steps)
        self.pulses = array("I", bytes(4 * n))
        self.interval_us = array("I", bytes(4 * n))
        self.remainder = array("I", bytes(4 * n))
        self.rate_e4 = array("I", bytes(4 * n))
        self.solution = bytearray(n)
        self.counts = bytearray(n)
        self.duration_ms = array("I", bytes(4 * n))
        self.line_pulses = pulses_of(protocol.line_dead_nl, pl_pulse)
        self.holds = [self._held_pulses(bag) for bag in protocol.solutions]
        self.primed_with = protocol.steps[0].solution if protocol.primed_with_solution else SALINE
        self.tolerance_pulses = pulses_of(TOLERANCE_NL, pl_pulse)
        self.tolerance_max_pulses = pulses_of(TOLERANCE_MAX_NL, pl_pulse)
        self._whole, self._units = self._drug_units()
        self._ppm_factor, self._ppm_shift = array("H"), bytearray()
        for unit in self._units:
            self._ppm(unit)
        self._fill()

    def _held_pulses(self, bag):
        """Pulses that a bag can give: what stays in its own line never comes (PRO-3).

        One more than whole ones, since steps that empty it are shared out to the nearest pulse.
        """
        return max(0, bag.volume_nl - bag.line_nl) * 1000 // self.pl_pulse + 1

    def stronger(self, one, other):
        """Of two bags the one with more drug in a pulse; saline has none."""
        if SALINE in (one, other):
            return max(one, other)
        return one if self._units[one] > self._units[other] else other

    def _drug_units(self):
        """The full dose, and the drug in a pulse of each bag, in whole numbers of one unit (the dose cut off)."""
        protocol = self.protocol
        volumes = 1
        for bag in protocol.solutions:
            volumes *= bag.volume_nl
        units = [self.pl_pulse * bag.drug_pg * (volumes // bag.volume_nl) for bag in protocol.solutions]
        common = 0
        for unit in units:
            common = gcd(unit, common)
        return protocol.full_dose_pg * 1000 * volumes // common, [unit // common for unit in units]

    def _ppm(self, unit):
        """The share of a pulse in the full dose, in millionths, as factor / 2**shift with a factor of 15 bits.

        Admission refuses a dose of less than a pulse (PRO-2); here it counts as one pulse, never as a division by zero.
        """
        whole = max(1, self._whole)
        shift = 0
        while (unit * 1_000_000 << shift + 1) // whole < _FACTOR_END and shift < _SHIFT_MAX:
            shift += 1
        self._ppm_factor.append(min((unit * 1_000_000 << shift) // whole, _FACTOR_END - 1))
        self._ppm_shift.append(shift)

    @micropython.native
    def ppm_of(self, bag, pulses):
        """Millionths of the full dose in so many pulses of a bag, below 2**28; rounded down in two halves."""
        factor, shift = self._ppm_factor[bag], self._ppm_shift[bag]
        high = (pulses >> _HALF) * factor
        low = (pulses & _HALF_MASK) * factor >> shift
        return low + (high >> shift - _HALF if shift >= _HALF else high << _HALF - shift)

    def _fill(self):
        volume_nl = done = 0
        for k, step in enumerate(self.protocol.steps):
            volume_nl += step.volume_nl
            pulses = pulses_of(volume_nl, self.pl_pulse)
            self.pulses[k] = pulses - done
            done = pulses
            self.interval_us[k], self.remainder[k] = interval_parts(self.pl_pulse, step.rate_e4)
            self.rate_e4[k] = step.rate_e4
            self.solution[k] = step.solution
            self.counts[k] = 0 if step.flags & LINE_FILL else 1
            self.duration_ms[k] = step.duration_ms
        self._complete()

    def _complete(self):
        """The last step gives exactly what the others leave of the full dose (PRO-4)."""
        last = self.count - 1
        given = [0] * len(self.protocol.solutions)
        for k in range(last):
            if self.counts[k]:
                given[self.solution[k]] += self.pulses[k]
        self.pulses[last] = self.final_pulses(given)

    def final_pulses(self, pulses_of_bag, k=-1, on=-1):
        """Pulses of step k (the last one) that complete the full dose, when so many have come from each bag (PRO-4).

        From bag `on`, or from the step's own.

        Rounded down to a pulse: the order is never exceeded. Zero when the dose is already complete.
        """
        rest = self._whole
        for pulses, unit in zip(pulses_of_bag, self._units):
            rest -= pulses * unit
        return max(0, rest // self._units[self.solution[k] if on < 0 else on])

    def dose_rate(self, k):
        """Dose rate of step k at the vein as a fraction: (numerator, denominator).

        That of a line-fill comes from the bag before it, whose solution it pushes on; the first one's is the first
        infusion step's.
        """
        steps = self.protocol.steps
        if self.counts[k]:
            return dose_rate_fraction(self.protocol, steps[k])
        for before in range(k - 1, -1, -1):
            if self.counts[before]:
                bag = self.protocol.solutions[steps[before].solution]
                return steps[k].rate_e4 * bag.drug_pg, bag.volume_nl
        return self.dose_rate(k + 1)

    def equal_rate(self, k, bag):
        """The rate (0.0001 mL/h, rounded down) at which a bag's solution gives the dose rate of step k (SES-5)."""
        up, down = self.dose_rate(k)
        other = self.protocol.solutions[bag]
        return up * other.volume_nl // (down * other.drug_pg)

    def equal_pulses(self, k, bag):
        """Pulses of a bag that hold the dose of step k, to the nearest, a half goes down."""
        own, other = self.protocol.solutions[self.solution[k]], self.protocol.solutions[bag]
        return round_half_down(self.pulses[k] * own.drug_pg * other.volume_nl, own.volume_nl * other.drug_pg)
