"""The page of a campaign: findings first, then figures and pictures. One file, no script, nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, StrictUndefined

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Campaign: {{ d.campaign }}</title><style>
body{font:15px/1.45 system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif;margin:0 auto;padding:28px 32px 48px;
max-width:1060px;color:#1d2329}h1{font-size:24px;margin:0}h2{font-size:17px;margin:32px 0 8px;
border-bottom:1px solid #d5dbe1}table{border-collapse:collapse;width:100%;font-size:13.5px;
font-variant-numeric:tabular-nums}td,th{padding:4px 7px;border-bottom:1px solid #d5dbe1;text-align:left;
vertical-align:top}th{background:#f4f6f8}.n{text-align:right}.w{white-space:nowrap}.bad{border-left:8px solid #b3261e}
.good{border-left:8px solid #1b7a4b}.part{border-left:8px solid #b25b00}.outcome{padding:14px 18px;margin:16px 0;
background:#f4f6f8;border-radius:6px}.outcome b{font-size:20px}.soft,figcaption{color:#5a6570;font-size:13px}
figure{margin:18px 0 6px;break-inside:avoid}figure h3{font-size:15px;margin:0}figure svg{width:100%;height:auto}
code{font-size:.9em}.scroll{overflow-x:auto}
</style></head><body>
<h1>Campaign: {{ d.campaign }}</h1>
<p class="soft">{{ d.protocol }}; seed {{ d.seed }}; file {{ d.file }}; code {{ d.code }}</p>
<div class="outcome {{ 'bad' if d.findings.sessions else 'good' if d.complete else 'part' }}">
<b>{{ d.verdict }}</b><br>{{ d.sessions }} of {{ d.wanted }} sessions{% for name, n in d.final.items() %};
{{ n }} {{ name }}{% endfor %}</div>

<h2>Findings</h2>
{% if d.findings.sessions %}
<p>{% for name, n in d.findings.by_invariant.items() %}{{ name }}: {{ n }}{{ '; ' if not loop.last }}{% endfor %}.
One again, alone: <code>toleramp campaign FILE --seed {{ d.seed }} --session K</code></p>
<div class="scroll"><table><thead><tr><th class="n">session</th><th class="n">seed</th><th>invariant</th>
<th class="n">at</th><th>measured</th><th>again</th></tr></thead><tbody>
{% for f in d.findings.listed %}<tr><td class="n">{{ f.session }}</td><td class="n">{{ f.seed }}</td>
<td class="w">{{ f.invariant }}</td><td class="n w">{{ '%.0f'|format(f.at_s) }} s</td><td>{{ f.text }}</td>
<td class="w"><code>--session {{ f.session }}</code></td></tr>{% endfor %}</tbody></table></div>
{% else %}<p>None: no invariant was violated in any session.</p>{% endif %}

<h2>What this campaign cannot show</h2>
<p>The core target has no encoder, pressure, air, door and battery, and looks at its inputs once a second.
{{ d.not_judged.completed_with_a_slipping_motor }} sessions were completed with a motor that lost steps unseen.
In {{ d.not_judged.air_beyond_50_ul }} sessions more than 50 uL of air went past where a detector would sit (at most
{{ '%.1f'|format(d.not_judged.largest_air_ul / 1000) }} mL): a bag that the order empties runs dry early on a mechanism
that gives more than it was calibrated for.</p>

<h2>Figures</h2>
<div class="scroll"><table><thead><tr><th>figure</th><th class="n">sessions</th><th class="n">least</th>
<th class="n">median</th><th class="n">p99</th><th class="n">most</th></tr></thead><tbody>
{% for name, s in rows %}<tr><td>{{ name }}</td><td class="n">{{ s.n }}</td>{% if s.n %}
{% for key in ('least', 'median', 'p99', 'most') %}<td class="n">{{ '%.3f'|format(s[key]) }}</td>{% endfor %}
{% else %}<td colspan="4"></td>{% endif %}</tr>{% endfor %}</tbody></table></div>
<p>{{ d.reacted }} sessions with a reaction. Holds: {% for name, n in d.holds.items() %}{{ name }} {{ n }}{{ ', ' if not
loop.last }}{% endfor %}. Sessions with a fault: {% for name, n in d.faults.items() %}{{ name }} {{ n }}{{ ', ' if not
loop.last }}{% endfor %}. Wrong bags refused: {{ d.rejected_bags }}.</p>
{% for title, text, svg in pictures %}<figure><h3>{{ title }}</h3><figcaption>{{ text }}</figcaption>
{{ svg|safe }}</figure>{% endfor %}

<h2>This run</h2>
<p>{{ d.run.sessions }} sessions in {{ '%.0f'|format(d.run.seconds) }} s ({{ '%.0f'|format(d.run.per_minute) }} a
minute), {{ d.run.workers }} at once, {{ d.run.scheduler }}.</p>
<table><thead><tr><th>process</th><th class="n">first MB</th><th class="n">last MB</th><th class="n">most MB</th>
<th class="n">growth KB</th><th class="n">over sessions</th></tr></thead><tbody>
{% for who, m in d.run.memory.items() %}<tr><td>{{ who }}</td><td class="n">{{ '%.1f'|format(m.first_kb / 1024) }}</td>
<td class="n">{{ '%.1f'|format(m.last_kb / 1024) }}</td><td class="n">{{ '%.1f'|format(m.most_kb / 1024) }}</td>
<td class="n">{{ m.growth_kb }}</td><td class="n">{{ m.over_sessions }}</td></tr>{% endfor %}</tbody></table>
</body></html>
"""
_NAMES = {
    "motor_percent": "dose at the motor, % of the order",
    "vein_percent": "dose at the vein, % of the order",
    "chair_min": "chair time, min",
    "flow_min": "time of flow, min",
    "peak_motor": "steepest rise at the motor",
    "peak_vein": "steepest rise at the vein",
}


def html(document: dict[str, Any], pictures: list[tuple[str, str, str]]) -> str:
    """The whole page."""
    groups = (("completed", "completed"), ("not_completed", "not completed"))
    rows = [(f"{_NAMES[key]} ({word})", document[group][key]) for key in _NAMES for group, word in groups]
    rows.append(("low saturation to last pulse, s (holds)", document["to_last_pulse_s"]))
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(PAGE).render(d=document, rows=rows, pictures=pictures)
