"""list the pumps there are, and what each of them is doing"""

import argparse
from typing import TYPE_CHECKING, Any

from toleramp import terminal
from toleramp.device import ports
from toleramp.errors import UserError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

ASK_S = 1.5


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("devices", help="list the pumps", description=(__doc__ or "").capitalize())
    parser.add_argument("--port", help="ask this port, whatever it is")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run)


def _found() -> list[ports.Candidate]:
    found = ports.candidates()
    named = ports.named_port(None)
    if named and named not in [c.port for c in found]:
        found.insert(0, ports.Candidate(named, "named", "TOLERAMP_PORT"))
    return found


def _ask(candidate: ports.Candidate) -> dict[str, Any]:
    """What is known of a port; `error` says why it did not answer as a pump of this contract."""
    from pump.tables import messages, states
    from toleramp.device.client import Pump
    from toleramp.words import rows

    row: dict[str, Any] = {"port": candidate.port, "kind": candidate.kind, "product": candidate.product}
    row |= {"serial": candidate.serial, "version": None, "build": None, "git": None}
    row |= {"fingerprint": None, "state": None, "error": None}
    try:
        with Pump(candidate.port, answer_s=ASK_S) as pump:
            said = pump.hello(check=False, timeout_s=ASK_S, retries=0)
            row |= {name: said[name] for name in ("version", "build", "git")}
            row["fingerprint"] = said["fingerprint"] or None
            if said["contract"] != messages.CONTRACT:
                pump.hello(timeout_s=ASK_S)  # raises, and explains
            row["state"] = rows.name(states, pump.status()["state"])
    except UserError as error:
        row["error"] = str(error)
    return row


def _line(row: dict[str, Any]) -> str:
    head = f"{row['port']}  {row['product']}"
    if row["version"]:
        head += f"  {row['version']} ({row['build']})  protocol {row['fingerprint'] or 'none'}"
    return f"{head}  {row['state'] or row['error']}"


def run(args: argparse.Namespace) -> int:
    """Lists the pumps; 1 when there is none."""
    found = [ports.Candidate(args.port, "named", "--port")] if args.port else _found()
    rows = [_ask(candidate) for candidate in found]
    if args.json:
        terminal.print_json(rows)
    else:
        print("\n".join(map(_line, rows)) if rows else "no pump found", flush=True)
    return 0 if rows else 1
