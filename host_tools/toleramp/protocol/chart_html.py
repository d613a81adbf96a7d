"""The chart as one HTML page: no network, no script, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

from toleramp.bag_looks import look_of, mark_svg
from toleramp.protocol.chart import EMPTY_ROWS, TO_WRITE, Chart

TEMPLATE = Path(__file__).with_name("chart.html.j2")


def css_text(text: str) -> str:
    """A text for a string of a style sheet: what is no letter or digit of ASCII is written as its number."""
    return "".join(c if c.isascii() and (c.isalnum() or c in " -_.,:") else f"\\{ord(c):x} " for c in text)


def draw(chart: Chart) -> bytes:
    """The page, UTF-8."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    tints = {index: look_of(index).tint for index, _ in chart.bags}
    foot = css_text(f"{chart.named}   {chart.fingerprint}   page ")
    text = template.render(chart=chart, foot=foot, to_write=TO_WRITE, empty=EMPTY_ROWS, mark=mark_svg, tints=tints)
    return text.encode("utf-8")
