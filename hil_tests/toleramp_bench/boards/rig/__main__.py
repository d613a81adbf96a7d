"""python -m toleramp_bench.boards.rig: the rig's self-test, on two ports or on the emulated pair."""

from __future__ import annotations

import argparse
import sys

from toleramp.errors import UserError
from toleramp_bench.boards.rig.wiring import wiring_test
from toleramp_bench.targets.base import TargetFault
from toleramp_bench.targets.rig import RigTarget


def main(words: list[str] | None = None) -> int:
    """0: every line answers; 1: some do not, each named on a line; 2: no rig or no pump there."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.boards.rig", description=__doc__)
    parser.add_argument("--pump", help="the pump's port")
    parser.add_argument("--rig", help="the rig's port")
    parser.add_argument("--emulated", action="store_true", help="both on emulated boards")
    parser.add_argument("--power", action="store_true", help="switch the pump's power off and on as well")
    options = parser.parse_args(words)
    try:
        target = RigTarget.emulated() if options.emulated else RigTarget.of_ports(options.pump, options.rig)
        try:
            dead = wiring_test(target, options.power)
        finally:
            target.close()
    except (UserError, TargetFault) as error:
        print(f"rig: {error}", file=sys.stderr)
        return 2
    for line in dead:
        print(f"rig: {line}")
    if not dead:
        print(f"rig: every line answers (rig {target.link.build['build']}, pump {target.build['build']})")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
