"""The questions that the pump asks, a row each: name, what the host's line may do to it, whether its choices go round.

UP and DOWN change the choice, CONFIRM answers; a second press follows where the answer lets the drug flow (START's
question is answered by START). What is shown is a number whose meaning the row names.
"""

CODE_LINE = b"CODE "  # before a bag's code, where the screen shows one: the guard reads it there
NOTHING, PROPOSE, ANSWER = 0, 1, 2  # what the line may do (DESIGN: who may do what)

ROWS = (
    ("none", NOTHING, False, "nothing is asked"),
    ("start", NOTHING, False, "START begins"),
    ("bag", PROPOSE, True, "0 none, 1 to n the bags in their order, n + 1 another code"),
    ("cause", NOTHING, True, "0 choose, then the grades in their order"),
    ("step", NOTHING, False, "0 choose, then the number of the step to resume at"),
    ("boundary", NOTHING, True, "index of the bag on which that step runs"),
    ("resume", NOTHING, False, "START, then CONFIRM"),
    ("looked", NOTHING, False, "CONFIRM: a person has looked at the patient"),
)
NAMES = tuple([row[0] for row in ROWS])
LINE_MAY = bytes([row[1] for row in ROWS])
WRAPS = bytes([1 if row[2] else 0 for row in ROWS])
NONE, START, BAG, CAUSE, STEP, BOUNDARY, RESUME, LOOKED = range(len(ROWS))


def described():
    """What pump and tool must agree on: names, their order, what the line may do, what goes round."""
    return ["%s %d %d" % row[:3] for row in ROWS]
