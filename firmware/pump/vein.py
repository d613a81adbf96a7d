"""What reaches the vein: plug flow through the dead volume that the bags share (PRO-7); exact integers.

The line holds `line_dead_nl`, at first of saline or of the first bag's solution; what is pumped in pushes the same
volume out at the far end. Mixing softens the fronts in truth: plug flow is the worst case. Nothing is taken away when
the bag is changed upstream. Volumes in nL, doses in pg as reduced fractions (numerator, denominator).
"""

from pump.units import US_RATE

SALINE = -1


def reduced(numerator, denominator):
    """The same fraction in its lowest terms, so that sums and products stay short on the device."""
    a, b = numerator, denominator
    while b:
        a, b = b, a % b
    return (numerator // a, denominator // a) if a > 1 else (numerator, denominator)


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


def _add(a, b):
    if a[1] == b[1]:
        return a[0] + b[0], a[1]
    return reduced(a[0] * b[1] + b[0] * a[1], a[1] * b[1])


def doses(protocol):
    """Dose that reaches the vein during each step: fractions in pg."""
    strength = concentrations(protocol)
    given = [(0, 1)] * len(protocol.steps)
    for index, _, volume_nl, content in flow(protocol):
        if content != SALINE:
            up, down = strength[content]
            given[index] = _add(given[index], (volume_nl * up, down))
    return given


def left_in_line(protocol):
    """Dose still in the line after the last step, for the flush: a fraction in pg."""
    strength = concentrations(protocol)
    rest, left = protocol.line_dead_nl, (0, 1)
    for volume_nl, content in reversed(_contents(protocol)):
        taken = min(rest, volume_nl)
        if taken and content != SALINE:
            left = _add(left, (taken * strength[content][0], strength[content][1]))
        rest -= taken
    return left


def jumps(protocol):
    """Yields (step index, nL pumped in that step, numerator, denominator) where the dose rate at the vein changes.

    The fraction is the new dose rate over the highest that the vein has had before; the first drug has none.
    """
    strength = concentrations(protocol)
    high = None
    for index, done, _, content in flow(protocol):
        if content == SALINE:
            continue
        up, down = protocol.steps[index].rate_e4 * strength[content][0], strength[content][1]
        if high is None:
            high = up, down
            continue
        new, old = up * high[1], high[0] * down
        yield index, done, new, old
        if new > old:
            high = up, down


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
