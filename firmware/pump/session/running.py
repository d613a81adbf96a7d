"""A step runs: from its start, or the rest of it after a technical hold, until its volume and its dwell are over."""

from pump.base.compat import micropython
from pump.session.progress import AGE_MAX_MS
from pump.tables import events, questions
from pump.tables.causes import STEP_WAIT
from pump.tables.states import BAG, COMPLETED, HELD, RUNNING

SEAM_MS = 100  # the timeline stays alive this long around a step's end, for a change of rate without a gap


class Running:
    """The situation of the state running, the only one that starts the delivery."""

    state = RUNNING

    def __init__(self, case, delivery):
        self.case = case
        self.delivery = delivery
        self.resting = False  # the step's volume is in, its dwell or a valid reading is missing

    @micropython.native
    def enter(self):
        """The present step flows; where its bag does not hang, that is asked for first."""
        case = self.case
        course, progress = case.course, case.progress
        bag = course.bag[progress.step]
        if bag != progress.hung:
            return BAG
        case.question.ask(questions.NONE, 0, 0)
        started = not progress.entered
        if started:
            self._begin(course, progress)
        self.resting = False
        self._flow()
        if started:
            case.log(events.STEP_STARTED, 0, bag)
        return 0

    @micropython.native
    def _begin(self, course, progress):
        progress.done = progress.step_ms = 0
        progress.target = course.pulses[progress.step]
        progress.leg = course.first[progress.step]
        progress.entered = True
        progress.entries += 1

    @micropython.native
    def _flow(self):
        """What is left of the present leg flows at its rate."""
        course, progress, delivery = self.case.course, self.case.progress, self.delivery
        leg = progress.leg
        end = progress.leg_end = min(course.end[leg], progress.target)
        delivery.set_rate(course.interval_us[leg], course.remainder[leg], course.rate_e4[leg])
        delivery.start(max(0, end - progress.done))

    def press(self, presses):
        """Nothing is to be pressed; STOP has been seen to."""
        return 0

    @micropython.native
    def tick(self, dt_ms):
        """A step's end. Until then nothing is left to queue, and the guard goes on watching that nothing comes."""
        case = self.case
        progress = case.progress
        step_ms = progress.step_ms + dt_ms
        progress.step_ms = step_ms if step_ms < AGE_MAX_MS else AGE_MAX_MS
        if progress.done < progress.leg_end:
            return 0
        if progress.leg_end < progress.target:
            progress.leg += 1
            self._flow()
            return 0
        left_ms = case.plan.duration_ms[progress.step] - progress.step_ms if progress.target else 0
        if self._cut() or (left_ms <= 0 and case.may_begin()):
            return self._complete()
        self.resting = abs(left_ms) > SEAM_MS
        progress.wait_ms = max(0, -left_ms)  # the dwell is over, a good reading is missing
        return HELD | STEP_WAIT << 8 if case.waited_too_long() else 0

    def _cut(self):
        """True in a step shortened because the dose is complete with it."""
        course = self.case.course
        return course.cut and self.case.progress.step == course.last

    def _complete(self):
        case = self.case
        progress = case.progress
        case.log(events.STEP_COMPLETED, 0, progress.reactions)
        progress.entered = False
        if progress.step == case.course.last:
            return COMPLETED
        case.settle()
        progress.step += 1
        return RUNNING

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self.resting)
