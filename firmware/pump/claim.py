"""What control says that it does, once a scan: the one thing besides the snapshot that the guard hears from it."""

LEASE_MS = 1_000  # for so long the drug may flow on one judgement of the vital signs


class Claim:
    """Flowing, step, its target; whether that was all; the turns that decisions gave to the course; the lease of the
    vital signs."""

    def __init__(self):
        self.flow = False
        self.step = 0
        self.target = 0
        self.entry = 0  # number of the step's beginning; the same step anew gets a new one
        self.turn = 0  # number of the decision to resume at `step`; a new one gives the course anew
        self.bag = -1  # the bag that hangs, on which that step runs instead of its own
        self.leased_ms = -1  # device time at which the vital signs last let the drug flow; -1 for never
        self.over = False  # the dose is complete
        self.session = 0  # number of the session; a new one starts the accounts anew
