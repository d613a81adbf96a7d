"""pull the pump's own log, check it, show it, export it"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toleramp import terminal
from toleramp.device import chosen
from toleramp.errors import UserError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from toleramp.pump_log.reading import Finding, PumpLog

DEFAULT = "pump-log.jsonl"
_PULL = """Reads all records of the pump's memory into FILE, at rest or while it runs. It goes on in a FILE of the same
pump, also after Ctrl-C, a pulled cable or a full disk. Nothing is taken out of the pump. Exit code 1 when the log has
gaps or damage."""
_CHECK = """Checks that no byte of FILE was changed, no record removed, added or moved since the pull, and that the
pump's own records are whole and follow one another. With --pump each is compared with what the pump still holds, which
also finds a chain that was made anew. Exit code 1 when something is wrong, each with its place."""
_CLEAR = """Frees the memory of a pump's log, in service mode, when FILE holds all of it: the pump works out the digest
of what it has and compares. The last record stays, as the first of the next log. Keep FILE: the next pull goes into
another one."""
_MOST = 20  # findings that are told


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `log` with its verbs."""
    parser = subparsers.add_parser("log", help="the pump's own log", description=(__doc__ or "").capitalize())
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    pull = verbs.add_parser("pull", help="reads the pump's log into a file", description=_PULL)
    pull.add_argument("-o", "--out", metavar="FILE", default=DEFAULT, help=f"the file (else {DEFAULT})")
    chosen.add_port(pull)
    pull.set_defaults(func=run_pull)
    check = verbs.add_parser("check", help="checks a file: changed, gaps, chain", description=_CHECK)
    _file(check)
    check.add_argument("--pump", action="store_true", help="compare each record with the pump's own")
    chosen.add_port(check)
    check.set_defaults(func=run_check)
    clear = verbs.add_parser("clear", help="frees the pump's memory, in service mode", description=_CLEAR)
    _file(clear)
    clear.add_argument("--yes", action="store_true", help="FILE is kept where it will be found")
    chosen.add_port(clear)
    clear.set_defaults(func=run_clear)
    show = verbs.add_parser("show", help="shows a file's records", description="Shows records, one a line: slot of the "
                            "pump's memory, number of the power-on, time since that, and what happened.")  # fmt: skip
    _file(show)
    _choice(show)
    show.set_defaults(func=run_show)
    export = verbs.add_parser("export", help="writes a file's records as CSV or JSON lines")
    _file(export)
    _choice(export)
    which = export.add_mutually_exclusive_group(required=True)
    which.add_argument("--csv", action="store_true", help="comma-separated values, with a line of column names")
    which.add_argument("--jsonl", action="store_true", help="one JSON object a line")
    export.add_argument("-o", "--out", metavar="FILE", help="the file (else standard output)")
    export.add_argument("--force", action="store_true", help="overwrite an existing file")
    export.set_defaults(func=run_export)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file of `toleramp log pull`")


def _choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="first", type=int, metavar="SLOT", help="from this slot of the memory on")
    parser.add_argument("--to", dest="last", type=int, metavar="SLOT", help="up to this slot")
    parser.add_argument("--kind", action="append", metavar="EVENT", help="this event only (may be given several times)")


class _Progress:
    """A line on a terminal's standard error, redrawn; nothing elsewhere."""

    def __init__(self, verb: str) -> None:
        import sys

        self._verb, self._live = verb, sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        import sys

        if self._live:
            end = "\n" if done >= total else ""
            print(f"\r\033[K{self._verb} {done} of {total}", end=end, file=sys.stderr, flush=True)


def run_pull(args: argparse.Namespace) -> int:
    """Pulls what is new, checks the whole file, says the verdict."""
    from toleramp.pump_log import pull, reading

    path = Path(args.out)
    pump, hello = chosen.connect(args)
    with pump, pull.keeper_for(path, pump, hello) as keeper:
        before = keeper.records
        try:
            memory = pull.pull(pump, keeper, _Progress("pulled"))
        except KeyboardInterrupt:
            terminal.say(f"interrupted: {keeper.records} records are in {path}; run it again: it goes on there")
            return terminal.INTERRUPTED
        except UserError as error:
            kept = f"{keeper.records} records are in {path}; run it again: it goes on there"
            raise UserError(error.what, error.where, f"{error.remedy}; {kept}" if error.remedy else kept) from None
        new = keeper.records - before
    log = reading.read(path)
    return _verdict(log, reading.of_file(log) + reading.of_pump(log), f"{new} new; {memory.told()}")


def _verdict(log: "PumpLog", found: "list[Finding]", more: str = "") -> int:
    """What is wrong, then one line."""
    for finding in found[:_MOST] if len(found) > 1 else ():
        print(finding)
    if len(found) > _MOST:
        print(f"and {len(found) - _MOST} more")
    tail = f"; {more}" if more else ""
    many = f"{len(log.lines)} records"
    if not found:
        print(f"{log.path}: {many}, whole and in order: every checksum, number and link of the chain holds{tail}")
        return 0
    count = "1 finding" if len(found) == 1 else f"{len(found)} findings"
    print(terminal.emphasis(f"{log.path}: {many}, NOT WHOLE, {count}, the first {found[0]}{tail}"))
    return 1


def run_check(args: argparse.Namespace) -> int:
    """Checks a file, and compares it with a pump where one is named."""
    from toleramp.pump_log import pull, reading

    log = reading.read(Path(args.file))
    found = reading.of_file(log) + reading.of_pump(log)
    more = _of_another(log)
    behind = len(log.lines) + bool(log.torn) - log.head.records
    if behind > 0 and not found:
        more = f"the last pull was interrupted within {behind} of them: pull again"
    if args.pump:
        pump, _ = chosen.connect(args)
        with pump:
            differs = pull.compare(log, pump, _Progress("compared"))
        found += differs
        more = more or ("" if differs else "each as the pump holds it")
    return _verdict(log, found, more)


def run_clear(args: argparse.Namespace) -> int:
    """Frees the pump's memory of what a file holds."""
    from toleramp.device import log_memory, ports
    from toleramp.pump_log import form, reading

    log = reading.read(Path(args.file))
    found = reading.of_file(log)
    if found or len(log.lines) != log.head.records or log.torn:
        what = f"not whole, {found[0]}" if found else "its last pull was interrupted"
        raise UserError(what, str(log.path), "pull the whole log, then clear with that file")
    if not args.yes:
        what = f"after this {log.path} is the only place where these {log.head.records} records are"
        raise UserError(what, "log clear", "add --yes when it is kept where it will be found")
    port = ports.choose(args.port)
    terminal.say(f"{port}: comparing and freeing the log's memory")
    log_memory.free(port, form.digest_of(log.opening), log.head.sha256)
    print(f"{port}: the log's memory is free but for its last record; keep {log.path}, pull into another file now")
    return 0


def _of_another(log: "PumpLog") -> str:
    """That a file is of another contract than this tool's; "" for one of its own."""
    from pump.tables.messages import CONTRACT

    if log.contract == CONTRACT:
        return ""
    return f"of firmware {log.about['pump']['version']} with contract {log.contract:08x}: read by the file's own names"


def _chosen(args: argparse.Namespace) -> "list[dict[str, object]]":
    """The entries that are asked for; says on standard error when the file is not whole."""
    from toleramp.pump_log import reading
    from toleramp.pump_log.entries import entries

    log = reading.read(Path(args.file))
    _demand_kinds(args.kind, log.about["names"]["events"])
    wrong = reading.of_file(log) + reading.of_pump(log)
    if wrong:
        terminal.say(f"{log.path}: NOT WHOLE, {wrong[0]}; see `toleramp log check`")
    first, last = args.first or 0, args.last if args.last is not None else 1 << 16
    return [
        entry
        for entry in entries(log)
        if first <= entry["slot"] <= last and (not args.kind or entry["event"] in args.kind)
    ]


def _demand_kinds(kinds: "list[str] | None", known: "list[str]") -> None:
    import difflib

    for kind in kinds or ():
        if kind not in known:
            near = difflib.get_close_matches(kind, known, 3)
            remedy = "did you mean " + " or ".join(near) + "?" if near else f"events are {', '.join(known)}"
            raise UserError(f"no event is called {kind!r}", "--kind", remedy)


def run_show(args: argparse.Namespace) -> int:
    """Shows entries."""
    from toleramp.pump_log import shown

    for entry in _chosen(args):
        print(shown.line(entry))
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Writes entries for programs."""
    from toleramp import whole_files
    from toleramp.pump_log import shown

    if args.out:
        whole_files.demand_other(Path(args.out), Path(args.file), "the log itself:")
    found = _chosen(args)
    text = "".join(shown.csv_lines(found) if args.csv else shown.json_lines(found))
    if args.out:
        whole_files.create(Path(args.out), text.encode(), args.force)
        print(f"{args.out}: {len(found)} entries")
    else:
        print(text, end="")
    return 0
