"""The report of the long runs: index.html for people, evidence.json for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from jinja2 import Environment, StrictUndefined

from toleramp_bench.evidence.machinery import FAIL, PASS, Evidence, Result, Run

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Evidence: {{ verdict }}</title><style>
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #d5dae0;padding:.4rem .5rem;text-align:left;
vertical-align:top}th{background:#f2f4f7}.PASS{color:#14632c}.FAIL,.ERROR{color:#a11}.due{color:#7a4b00}
code{font-size:.85em;overflow-wrap:anywhere}small{color:#4a525c}summary{cursor:pointer}
</style></head><body>
<h1>Evidence: <span class="{{ verdict if verdict in ('PASS', 'FAIL') else 'due' }}">{{ verdict }}</span></h1>
<p>{{ last }}</p>
<table><thead><tr><th>run</th><th>verdict</th><th>what</th><th>last run</th><th>outcome</th></tr></thead><tbody>
{% for row in rows %}<tr id="{{ row.name }}"><td>{{ row.name }}</td>
<td class="{{ row.result.verdict if row.result and row.current else 'due' }}">
{{ row.result.verdict if row.result else 'not run' }}{% if row.result and not row.current %}, outdated{% endif %}</td>
<td>{{ row.what }}<br><small>target: {{ row.target }}</small></td><td>{% if row.result %}{{ row.result.started }}<br>
<small>{{ '%.0f'|format(row.result.duration_s) }} s; commit {{ row.result.git }}{% if row.result.image %};
image {{ row.result.image }}{% endif %}</small>{% else %}never{% endif %}</td>
<td>{% if row.result %}{{ row.result.last_line }}<br><a href="{{ row.name }}/log.txt">log</a>
<details><summary>command and facts</summary><code>{{ row.result.command|join(' ') }}</code>
<pre>{{ row.result.facts|tojson(indent=1) }}</pre></details>{% endif %}</td></tr>
{% endfor %}</tbody></table></body></html>
"""


def verdict(rows: Sequence[dict[str, Any]]) -> str:
    """PASS when every run passed with the present inputs; FAIL when any failed; else what is missing."""
    results = [row["result"] for row in rows]
    if any(result and result["verdict"] != PASS for result in results):
        return FAIL
    due = sum(not row["current"] for row in rows)
    return f"INCOMPLETE ({due} of {len(rows)} runs are due)" if due else PASS


def last_run(results: Sequence[Result]) -> str:
    """When, which image, which target; hardware has a word of its own, so that nobody takes the bench for it."""
    hardware = [result for result in results if result.target == "hardware"]
    on_hardware = max((result.started for result in hardware), default="never")
    if not results:
        return f"last run: never; on hardware: {on_hardware}"
    newest = max(results, key=lambda result: result.started)
    images = sorted({result.image for result in results if result.image})
    targets = ", ".join(sorted({result.target for result in results}))
    image = ", ".join(images) or "none (core only)"
    return f"last run: {newest.started} ({newest.name}); image: {image}; target: {targets}; on hardware: {on_hardware}"


def write(evidence: Evidence, runs: Sequence[Run]) -> str:
    """Writes both files; returns the verdict over all runs."""
    rows: list[dict[str, Any]] = []
    results = []
    for run in runs:
        result = evidence.result(run)
        results += [result] if result else []
        rows.append(
            {
                "name": run.name, "what": run.what, "target": run.target, "current": evidence.up_to_date(run),
                "result": asdict(result) if result else None,
            }
        )  # fmt: skip
    content = {"verdict": verdict(rows), "last": last_run(results), "rows": rows}
    evidence.folder.mkdir(parents=True, exist_ok=True)
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(PAGE).render(**content)
    (evidence.folder / "index.html").write_text(page, encoding="utf-8")
    (evidence.folder / "evidence.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return str(content["verdict"])
