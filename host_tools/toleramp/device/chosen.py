"""The pump that a command works on: --port, and a pump that has said hello."""

import argparse
from typing import TYPE_CHECKING, Any

from toleramp.device import own_key, ports

if TYPE_CHECKING:
    from toleramp.device.client import Pump


def add_port(parser: argparse.ArgumentParser) -> None:
    """Adds --port."""
    parser.add_argument("--port", help="the pump's serial port (else TOLERAMP_PORT, else the only pump there is)")


def connect(args: argparse.Namespace) -> "tuple[Pump, dict[str, Any]]":
    """The chosen pump, open and checked, and its HELLO_REPLY. UserError says what stands in the way."""
    from toleramp.device.client import Pump

    pump = Pump(ports.choose(args.port))
    try:
        return pump, pump.hello()
    except BaseException:
        pump.close()
        raise


def add_signed_port(parser: argparse.ArgumentParser) -> None:
    """Adds --port and --key: for what takes a key."""
    add_port(parser)
    own_key.add_key(parser)


def connect_signed(args: argparse.Namespace) -> "tuple[Pump, dict[str, Any]]":
    """The same as `connect`, once the pump's self-test is over; what takes a key is signed with the person's."""
    pump, hello = connect(args)
    try:
        pump.wait_tested()
        own_key.use(args, pump, hello)
    except BaseException:
        pump.close()
        raise
    return pump, hello
