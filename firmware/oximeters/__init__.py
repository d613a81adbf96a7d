"""Serial formats of oximeters, one module each. A parser takes bytes and hands out judged samples."""


def parser(name):
    """A new parser for the format of that name (ValueError for an unknown one)."""
    if name == "nonin-df2":
        from oximeters.nonin_df2 import Parser

        return Parser()
    raise ValueError("no oximeter format '%s': there is nonin-df2" % name)
