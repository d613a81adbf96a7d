"""What reaches the vein: plug flow through the dead volume that the bags share (PRO-7); exact integers.

The line holds `line_dead_nl`, at first of saline or of the first bag's solution; what is pumped in pushes the same
volume out at the far end. Mixing softens the fronts in truth: plug flow is the worst case. Nothing is taken away when
the bag is changed upstream. Volumes in nL, doses in pg as reduced fractions (numerator, denominator).

A bag's own line (`line_nl`), from the bag to the shared one, is primed from that bag off the patient before the bag
hangs. So it delays nothing: the first volume pumped comes at once from the bag on hand, and the flow here is the same
with or without it. What it holds when the bag is taken off stays behind in it and never reaches the patient; the bag
must therefore hold it beside what its steps draw (rule `bag-short`). The shared line only passes on what is pumped.

A line-fill runs through this account like any step: at its rate the old bag's rest goes into the vein. Its dose rate is
judged, but never counts as tolerated, since it does not last for a dwell.
"""

from pump.base.units import US_RATE
from pump.protocol.doses import add_fractions, dose_rate_fraction, fills, infusions, reduced

SALINE = -1


def concentrations(protocol):
    """pg/nL of each bag, as reduced fractions."""
    return [reduced(bag.drug_pg, bag.volume_nl) for bag in protocol.solutions]


def _contents(protocol):
    """What goes through the line, in order: [volume_nl, solution], neighbours of one solution joined."""
    steps = protocol.steps
    queue = [[protocol.line_dead_nl, steps[0].solution if protocol.primed_with_solution else SALINE]]
    for step in steps:
        if step.solution == queue[-1][1]:
            queue[-1][0] += step.volume_nl
        else:
            queue.append([step.volume_nl, step.solution])
    return queue


def flow(protocol):
    """Yields (step index, nL pumped in that step before, nL, solution or SALINE) as it reaches the vein."""
    queue = _contents(protocol)
    at, rest = 0, queue[0][0]
    for index, step in enumerate(protocol.steps):
        done = 0
        while done < step.volume_nl:
            while not rest:
                at += 1
                rest = queue[at][0]
            taken = min(rest, step.volume_nl - done)
            yield index, done, taken, queue[at][1]
            done += taken
            rest -= taken


def doses(protocol):
    """Dose that reaches the vein during each step, line-fills included: fractions in pg."""
    strength = concentrations(protocol)
    given = [(0, 1)] * len(protocol.steps)
    for index, _, volume_nl, content in flow(protocol):
        if content != SALINE:
            up, down = strength[content]
            given[index] = add_fractions(given[index], (volume_nl * up, down))
    return given


def left_in_line(protocol):
    """Dose still in the line after the last step, for the flush: a fraction in pg."""
    strength = concentrations(protocol)
    rest, left = protocol.line_dead_nl, (0, 1)
    for volume_nl, content in reversed(_contents(protocol)):
        taken = min(rest, volume_nl)
        if taken and content != SALINE:
            left = add_fractions(left, (taken * strength[content][0], strength[content][1]))
        rest -= taken
    return left


def jumps(protocol):
    """Yields (step index, nL pumped in that step, numerator, denominator) where the dose rate at the vein changes.

    The fraction is the new dose rate over the highest that the vein has had in an infusion step before; the first drug
    has none. Where a line-fill brings the first drug it is judged against the first infusion step's own dose rate.
    """
    strength = concentrations(protocol)
    high = None
    for index, done, _, content in flow(protocol):
        if content == SALINE:
            continue
        step = protocol.steps[index]
        filling = fills(step)
        up, down = step.rate_e4 * strength[content][0], strength[content][1]
        before = high or (_first_rate(protocol) if filling else None)
        if before:
            yield index, done, up * before[1], before[0] * down
        if not filling and (high is None or up * high[1] > high[0] * down):
            high = up, down


def _first_rate(protocol):
    """Dose rate of the first infusion step, None when there is none."""
    for _, step in infusions(protocol):
        return dose_rate_fraction(protocol, step)
    return None


def worst_jump(protocol):
    """The largest of the jumps, the first of equals; None when the dose rate has but one level."""
    worst = None
    for jump in jumps(protocol):
        if worst is None or jump[2] * worst[3] > worst[2] * jump[3]:
            worst = jump
    return worst


def time_ms(protocol, index, done_nl):
    """Time of flow until `done_nl` of step `index` are pumped, as a fraction: (numerator, denominator) in ms."""
    before = sum(step.duration_ms for step in protocol.steps[:index])
    rate_e4 = protocol.steps[index].rate_e4
    return before * rate_e4 + done_nl * US_RATE, rate_e4


def first_drug(protocol):
    """Where the first drug reaches the vein: (step index, nL pumped in that step), None when it never does."""
    for index, done, _, content in flow(protocol):
        if content != SALINE:
            return index, done
    return None
