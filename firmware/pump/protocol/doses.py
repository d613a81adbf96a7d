"""Doses and volumes, exactly: one account for the laptop and the device, in fractions (numerator, denominator).

Volumes in nL, doses in pg, rates in 0.0001 mL/h, times in ms. A line-fill draws its volume from its bag and counts as
no dose (PRO-3); what it pushes into the vein is in pump.protocol.vein.
"""

from pump.base.units import US_RATE
from pump.protocol.protocol import LINE_FILL


def gcd(a, b):
    """The greatest common divisor."""
    while b:
        a, b = b, a % b
    return a


def reduced(numerator, denominator):
    """The same fraction in its lowest terms, so that sums and products stay short on the device."""
    a = gcd(numerator, denominator)
    return (numerator // a, denominator // a) if a > 1 else (numerator, denominator)


def add_fractions(a, b):
    """a + b for (numerator, denominator) pairs, unreduced where denominators agree."""
    if a[1] == b[1]:
        return a[0] + b[0], a[1]
    return reduced(a[0] * b[1] + b[0] * a[1], a[1] * b[1])


def fills(step):
    """True for a line-fill."""
    return step.flags & LINE_FILL != 0


def infusions(protocol):
    """(number from 1, step) of every step that counts as dose, in order."""
    for number, step in enumerate(protocol.steps, 1):
        if not fills(step):
            yield number, step


def dose_fraction(protocol, step, volume_nl):
    """Dose of `volume_nl` of that step's bag: (numerator, denominator) in pg."""
    bag = protocol.solutions[step.solution]
    return volume_nl * bag.drug_pg, bag.volume_nl


def dose_rate_fraction(protocol, step):
    """Dose rate as a fraction: (numerator, denominator); only ratios of two of them mean something."""
    bag = protocol.solutions[step.solution]
    return step.rate_e4 * bag.drug_pg, bag.volume_nl


def equivalent_rate(protocol, step, solution):
    """The rate at which bag `solution` gives that step's dose rate (SES-5): a fraction in 0.0001 mL/h."""
    ours, other = protocol.solutions[step.solution], protocol.solutions[solution]
    return reduced(step.rate_e4 * ours.drug_pg * other.volume_nl, ours.volume_nl * other.drug_pg)


def _dose_of(protocol, volumes_nl):
    """Dose of so many nL of each bag: a fraction in pg."""
    total = (0, 1)
    for volume_nl, bag in zip(volumes_nl, protocol.solutions):
        total = add_fractions(total, (volume_nl * bag.drug_pg, bag.volume_nl))
    return total


def total_dose(protocol):
    """The dose that counts: all infusion steps, or all doses by mouth: (numerator, denominator) in pg."""
    if protocol.doses:
        return sum(dose.dose_pg for dose in protocol.doses), 1
    by_bag = [0] * len(protocol.solutions)
    for _, step in infusions(protocol):
        by_bag[step.solution] += step.volume_nl
    return _dose_of(protocol, by_bag)


def reached_dose(protocol):
    """The dose that leaves pump and primed line, line-fills included; all of it reaches the vein where a flush empties
    the line (without one pump.protocol.vein.left_in_line stays behind). A fraction in pg.
    """
    by_bag = [0] * len(protocol.solutions)
    for step in protocol.steps:
        by_bag[step.solution] += step.volume_nl
    if protocol.primed_with_solution:
        by_bag[protocol.steps[0].solution] += protocol.line_dead_nl
    return _dose_of(protocol, by_bag)


def course(protocol, infused):
    """What a course of steps comes to: (nL used of each bag, dose given in pg, nL and ms left for the last step).

    `infused`: (step index, volume) in the order given, repeats and parts of steps included; a volume is a fraction in
    nL, as units.volume_nl_of makes it of a rate and a time. All results are fractions; the last two complete the full
    dose (PRO-4), and are zero when it is complete.
    """
    used = [(0, 1)] * len(protocol.solutions)
    given = (0, 1)
    for index, volume in infused:
        step = protocol.steps[index]
        used[step.solution] = add_fractions(used[step.solution], volume)
        if not fills(step):
            up, down = dose_fraction(protocol, step, volume[0])
            given = add_fractions(given, reduced(up, down * volume[1]))
    last = protocol.steps[-1]
    bag = protocol.solutions[last.solution]
    rest = max(0, protocol.full_dose_pg * given[1] - given[0])
    left = reduced(rest * bag.volume_nl, given[1] * bag.drug_pg)
    return used, given, left, reduced(left[0] * US_RATE, left[1] * last.rate_e4)
