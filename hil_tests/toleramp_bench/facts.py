"""What a measurement or a run of the evidence has found, as JSON: facts.json in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "facts.json"


def keep_facts(folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes them; the folder is made where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
