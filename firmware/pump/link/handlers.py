"""Which method of the link handles a request: the one of its row's name."""

from pump.tables.messages import PUMP, ROWS


def handlers(link):
    """Type of a request -> its handler, which takes the payload's length; the states in which it is taken; its row."""
    made = {}
    for k in range(len(ROWS)):
        row = ROWS[k]
        if row[4] != PUMP:
            made[row[1]] = (getattr(link, "on_" + row[0].lower()), row[5], k)
    return made
