"""What is known of rows stands in pump.tables alone: the sources are read for what says it a second time.

`python tests/test_tables.py [PATH...]` prints what is found.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from table_reading import Finding, Reading, read_tables

CHECKOUT = Path(__file__).parents[1]
TABLES = CHECKOUT / "firmware" / "pump" / "tables"
ROOTS = ("firmware", "host_tools", "hil_tests", "boards")


def read(checkout: Path = CHECKOUT) -> list[Finding]:
    """All findings of a checkout."""
    reading = Reading(read_tables(TABLES))
    for root in ROOTS:
        for path in sorted((checkout / root).rglob("*.py")):
            place = path.relative_to(checkout)
            if path.parent != TABLES and "build" not in place.parts[:1]:
                module = ".".join(place.with_suffix("").parts[1:]).removesuffix(".__init__")
                reading.add(str(place), path.read_text("utf-8"), module)
    return list(reading.findings())


def main(argv: list[str]) -> int:
    """Prints what is found, of the paths that begin as asked for; 1 if there is any."""
    found = [finding for finding in read() if not argv or finding.path.startswith(tuple(argv))]
    print("\n".join(map(str, found)))
    for (place, kind), count in sorted(Counter((f.path.split("/")[0], f.kind) for f in found).items()):
        print(f"{place} {kind}: {count}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
