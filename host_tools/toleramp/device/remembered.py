"""The tables of the protocols that this laptop loaded, by fingerprint: a convenience, kept in the user's cache."""

import json
import os
from pathlib import Path
from typing import Any

Table = dict[str, Any]


def _remembered(fingerprint: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "toleramp" / "protocols" / f"{fingerprint}.json"


def remember(table: Table) -> None:
    """Keeps a protocol's table under its fingerprint, so that `monitor` can name its bags and log it."""
    path = _remembered(table["fingerprint"])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(table))
    except OSError:
        pass  # a convenience; the load itself succeeded


def recall(fingerprint: str) -> Table | None:
    """The table of the protocol with this fingerprint, when this laptop loaded it; else None."""
    if not fingerprint.isalnum():
        return None
    try:
        table = json.loads(_remembered(fingerprint).read_text())
    except (OSError, ValueError):
        return None
    return table if isinstance(table, dict) and table.get("fingerprint") == fingerprint else None
