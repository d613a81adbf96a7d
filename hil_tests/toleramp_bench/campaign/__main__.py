"""A campaign as one of the long runs of `make evidence`: goes on where it ended, or over when its inputs changed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from toleramp.errors import UserError
from toleramp_bench.campaign import control


def main(arguments: list[str] | None = None) -> int:
    """0 no findings, 1 findings, 2 it cannot run, 130 broken off. `--facts` gets the figures without the lists."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.campaign", description="a campaign with its facts")
    parser.add_argument("file", type=Path)
    parser.add_argument("--sessions", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder that is kept between calls")
    parser.add_argument("--facts", type=Path, required=True, help="where the figures go")
    args = parser.parse_args(arguments)
    try:
        options = control.Options(args.file, control.check_sessions(args.sessions), out=args.out.resolve(), renew=True)
        outcome = control.run(options, control.main_say)
    except UserError as error:
        print(f"campaign: {error}", file=sys.stderr)
        return 2
    if outcome.broken_off:
        return 130
    facts = {
        **outcome.document,
        "findings": {**outcome.document["findings"], "listed": []},
        "page": str(outcome.folder),
    }
    args.facts.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(control.words(outcome))
    return 1 if outcome.document["findings"]["sessions"] else 0


if __name__ == "__main__":
    sys.exit(main())
