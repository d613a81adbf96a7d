"""The registry of oximeter formats, a line each; `oximeters` has a module for each, by the same name."""

ROWS = (
    "nonin-df2",
    "nonin-df1",
)
NAMES = ROWS


def described():
    """What pump and tool must agree on: names and their order."""
    return list(ROWS)
