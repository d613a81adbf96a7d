"""Whether the library of scenarios catches each seeded defect.

`python -m toleramp_bench.defects [NAME ...]` runs on the core the scenarios that should catch a defect, in a process of
their own in which the firmware behaves wrongly, and says which did. Exit 1 when a defect was not caught.
"""

from __future__ import annotations

import argparse
import sys
import time

from toleramp_bench.defects.library import DEFECTS
from toleramp_bench.defects.running import caught


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.defects", description="seeded defects of the firmware")
    parser.add_argument("names", nargs="*", help="defects (default: all)")
    wanted = parser.parse_args(arguments).names
    chosen = [defect for defect in DEFECTS if not wanted or defect.name in wanted]
    missed, began = 0, time.monotonic()
    for defect in chosen:
        lines = caught(defect)
        told = lines[0] if lines else "every scenario passed"
        print(f"{'caught' if lines else 'MISSED':7} {defect.name} ({defect.breaks}): {told}", flush=True)
        missed += not lines
    print(f"{len(chosen) - missed} of {len(chosen)} caught, {time.monotonic() - began:.0f} s")
    return 1 if missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
