"""say what the pump is doing now"""

import argparse
from typing import TYPE_CHECKING

from toleramp import terminal
from toleramp.device import chosen, remembered
from toleramp.live.lines import status_line
from toleramp.oximeter import setting

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("status", help="the pump's state", description=(__doc__ or "").capitalize())
    chosen.add_port(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Prints the state, once."""
    from toleramp.live import session_log

    pump, hello = chosen.connect(args)
    with pump:
        record = session_log.status_record(pump.status())
    protocol = remembered.recall(hello["fingerprint"])
    if args.json:
        shown = session_log.session_record(hello, None)["pump"]
        terminal.print_json({"port": pump.port, "pump": shown, **{k: v for k, v in record.items() if k != "kind"}})
        return 0
    name = f" ({protocol['name']})" if protocol and protocol.get("name") else ""
    print(f"{pump.port}  Toleramp {hello['version']} ({hello['build']})")
    print(f"protocol {hello['fingerprint'] or 'none'}{name}")
    print(f"oximeter {setting.told(setting.of(hello))}")
    print(status_line(record, protocol))
    return 0
