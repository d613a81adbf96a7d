"""The chart as one HTML page: no network, no script, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

from toleramp.bag_looks import look_of, mark_svg
from toleramp.protocol.chart import EMPTY_ROWS, TO_WRITE, Chart

TEMPLATE = Path(__file__).with_name("chart.html.j2")


def draw(chart: Chart) -> bytes:
    """The page, UTF-8."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    tints = {index: look_of(index).tint for index, _ in chart.bags}
    text = template.render(chart=chart, to_write=TO_WRITE, empty=EMPTY_ROWS, mark=mark_svg, tints=tints)
    return text.encode("utf-8")
