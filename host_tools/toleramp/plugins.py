"""What other packages add to the tool, by entry points: the tool imports none of them by name.

`toleramp.commands`: a module like those of `toleramp.commands`, under the command's name. `toleramp.oximeter`: a verb
of `toleramp oximeter`, a module with `add_parser` that imports little. `toleramp.reports`: a module that makes the
report on folders: `OPTIONS`, `add_options(parser)` and `report(args)`, see `toleramp.commands.report`.
"""

from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from toleramp.errors import UserError

COMMANDS, OXIMETER, REPORTS = "toleramp.commands", "toleramp.oximeter", "toleramp.reports"
SETUP = "run: make setup"


def registered(group: str) -> dict[str, EntryPoint]:
    """The group's entry points by name, in the order of their names."""
    return {entry.name: entry for entry in sorted(entry_points(group=group), key=lambda entry: entry.name)}


def source(entry: EntryPoint) -> Path | None:
    """The file of the module, found without importing it (its packages are); None where it is not installed."""
    try:
        spec = find_spec(entry.module)
    except ImportError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def load(entry: EntryPoint) -> Any:
    """The module. UserError where it is registered, but not there."""
    try:
        return entry.load()
    except ImportError as error:
        raise UserError(f"the bench is not installed ({error})", remedy=SETUP) from None
