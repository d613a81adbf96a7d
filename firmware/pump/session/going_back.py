"""After a mild reaction: the step to resume at, and the bag on which it runs, as a person chooses (SES-3, SES-5)."""

from pump.course.course import bags_hold, runs
from pump.io import CONFIRM, DOWN, UP
from pump.session.held import CHOOSE
from pump.tables import events, questions
from pump.tables.causes import MILD
from pump.tables.states import BOUNDARY, DECISION, RESUMABLE


class Ways:
    """On which bags a step can run over the line as it is. `offer_e4`: the rate on the bag that is offered now."""

    def __init__(self, case):
        self.case = case
        self.offer_e4 = 0  # 0.0001 mL/h

    def _allowed(self, step):
        """Whether the protocol lets people go back that far: the same step, one back, two, any (SES-3).

        More steps back than there are is step 1.
        """
        back = min(self.case.reached() - step, 3)
        choices = self.case.plan.protocol.resume_choices >> back
        return choices & 1 or (not step and choices > 1)

    def of(self, step):
        """The bags on which a step can run, as they are offered; none: it cannot.

        First the stronger bag that hangs, at the rate of equal dose; then the step's own, which must be hung again
        and starts as slowly as the line's content demands (SES-5); the other way round where the protocol says so.
        """
        case = self.case
        plan, hung = case.plan, case.progress.hung
        own = plan.solution[step]
        found = []
        if not self._allowed(step):
            return found
        if hung >= 0 and hung != own and plan.equal_rate(step, hung) < plan.rate_e4[step] and self._goes(step, hung):
            found.append(hung)
        if self._goes(step, own):
            found.insert(0 if plan.protocol.rehang_first else len(found), own)
        return found

    def _goes(self, step, bag):
        """On that bag, at a rate that the mechanism can hold, with enough in every bag for all that follows."""
        plan, tally = self.case.plan, self.case.tally
        on = -1 if bag == plan.solution[step] else bag
        return runs(plan, tally, step, bag) and bags_hold(plan, tally, step, on)

    def offer(self, step, bag):
        """That bag is offered for that step."""
        plan = self.case.plan
        self.offer_e4 = plan.rate_e4[step] if bag == plan.solution[step] else plan.equal_rate(step, bag)

    def go(self, step, bag):
        """The session goes on at that step on that bag; the state that follows."""
        case = self.case
        progress = case.progress
        case.settle()
        progress.step = progress.back_step = step
        progress.entered = progress.reacted = False
        progress.done = progress.target = 0
        progress.back_bag = -1 if bag == case.plan.solution[step] else bag
        progress.turn += 1
        case.course.leave(case.tally, step, progress.back_bag)
        case.log(events.DECISION, MILD, step + 1)
        return RESUMABLE


class ChoosingStep:
    """The situation of the state decision."""

    state = DECISION

    def __init__(self, case, ways):
        self.case = case
        self.ways = ways

    def enter(self):
        """The step is asked for; none is preselected. No choices where none can be had."""
        self.case.settle()
        goes = self._highest() != CHOOSE
        self.case.question.ask(questions.STEP, self.case.reached() + 2 if goes else 0, CHOOSE)
        return 0

    def press(self, presses):
        """The first UP or DOWN shows the highest step that can be had, then they move; CONFIRM takes it (SES-16)."""
        question = self.case.question
        if question.shown == CHOOSE and presses & (UP | DOWN):
            question.shown = self._highest()
        elif not question.move(presses, self._may) and presses & CONFIRM and question.shown != CHOOSE:
            return self._chosen(question.shown - 1)
        return 0

    def _may(self, number):
        return number != CHOOSE and self.ways.of(number - 1)

    def _highest(self):
        """The number of the highest step that can be had; CHOOSE: none can."""
        number = self.case.reached() + 1
        while number != CHOOSE and not self.ways.of(number - 1):
            number -= 1
        return number

    def _chosen(self, step):
        """On the bag that hangs it goes on; where there is a bag to choose, that is asked next."""
        ways = self.ways.of(step)
        own = self.case.plan.solution[step]
        if len(ways) == 1 and ways[0] == own:
            return self.ways.go(step, own)
        if not ways:
            return 0
        self.case.progress.resume_step = step
        return BOUNDARY

    def tick(self, dt_ms):
        """It waits for a person."""
        return 0


class ChoosingBag:
    """The situation of the state boundary: the step is chosen, the bag for it is not."""

    state = BOUNDARY

    def __init__(self, case, ways):
        self.case = case
        self.ways = ways

    def enter(self):
        """The first way is offered."""
        case = self.case
        step = case.progress.resume_step
        bag = self.ways.of(step)[0]
        case.question.ask(questions.BOUNDARY, len(case.plan.protocol.solutions), bag)
        self.ways.offer(step, bag)
        return 0

    def press(self, presses):
        """UP and DOWN change between the bag that hangs and the step's own, CONFIRM takes it."""
        case = self.case
        step, question = case.progress.resume_step, case.question
        if presses & CONFIRM:
            return self.ways.go(step, question.shown)
        ways = self.ways.of(step)
        if question.move(presses, lambda bag: bag in ways):
            self.ways.offer(step, question.shown)
        return 0

    def tick(self, dt_ms):
        """It waits for a person."""
        return 0

    def pack(self, to):
        """Appends what decides from here on: the rate that is offered."""
        to.append(self.ways.offer_e4)
