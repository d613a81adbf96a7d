"""The registry of oximeter formats, a line each; `oximeters` has a module for each, by the same name."""

ROWS = (
    "nonin-df2",
    "nonin-df1",
    "nonin-df7",
    "nonin-df8",
    "bci5",
    "contec9",
    "masimo-ascii",
    "nellcor-ascii",
    "nonin-ascii",
)
NAMES = ROWS
(
    NONIN_DF2, NONIN_DF1, NONIN_DF7, NONIN_DF8, BCI5, CONTEC9, MASIMO_ASCII, NELLCOR_ASCII, NONIN_ASCII,
) = range(len(ROWS))  # fmt: skip


def described():
    """What pump and tool must agree on: names and their order."""
    return list(ROWS)
