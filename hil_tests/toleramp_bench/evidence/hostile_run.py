"""Runs the hostile frames at the core or at the image: `hostile_run core`, `hostile_run image`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from toleramp_bench.evidence.fuzz import Finding
from toleramp_bench.evidence.hostile import core
from toleramp_bench.evidence.hostile_image import image
from toleramp_bench.facts import keep_facts


def main() -> int:
    """Runs one of them; keeps facts.json; 1 for a finding."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.evidence.hostile_run", description="hostile frames at a pump")
    parser.add_argument("what", choices=("core", "image"))
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    runs: dict[str, Callable[[int, int], dict[str, Any]]] = {"core": core, "image": image}
    try:
        facts = runs[args.what](args.frames, args.seed)
    except Finding as finding:
        print(f"hostile {args.what}: {finding}; the frame: {finding.data.hex()}")
        return 1
    print(f"hostile {args.what}: {facts['frames']} frames, nothing changed; {facts}")
    if args.out:
        keep_facts(args.out, facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
