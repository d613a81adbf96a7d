"""One module a command: `add_parser(subparsers)` describes it, the parser's `func(args)` runs it.

The command line (`toleramp.cli`) finds a module here by its name; the first line of its docstring is the help line.
"""
