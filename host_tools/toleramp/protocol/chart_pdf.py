"""The chart as PDF, A4 across: texts and ruled tables, page after page; the same bytes each time.

All lengths in mm from the upper left corner, sizes of letters in points.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from toleramp.bag_looks import look_of
from toleramp.preparation.room import MM_PER_PT, lines_of, width_mm
from toleramp.protocol.chart import EMPTY_ROWS, HANG, OBSERVE, PLANNED, TO_WRITE, Chart, Row
from toleramp.report import letters

ACROSS_MM, DOWN_MM, EDGE_MM = 297, 210, 9
MM_PER_INCH = 25.4
BODY_PT, HEAD_PT, TITLE_PT, TIGHT_PT = 7.5, 9.0, 13.0, 6.5
ROW_MM = {HANG: 7.0, OBSERVE: 6.5}
OTHERWISE = "write the chart as .html and print it from a browser, which sets every script"
GAP_MM, HEADING_MM = 2.0, 16.0  # above a title; a title and what must stand with it
PAGE_NUMBER_MM = 25.0
STEP_MM, CELL_EDGE_MM, LOOK_MM = 8.5, 0.8, 4.0
WRITE_MM = (17, 15, 12, 11, 11, 12, 40, 15)  # widths of the fields to write in, as TO_WRITE
_STYLE: dict[Any, Any] = {
    "font.family": list(letters.families()),
    "pdf.fonttype": 42,
    "text.parse_math": False,
    "hatch.linewidth": 0.6,
}


def _wrapped(text: str, across_mm: float, size_pt: float, bold: bool = False) -> list[str]:
    """The lines of a text in a width; words that are too long for a line are broken."""
    lines = [""]
    for word in text.split(" "):
        while lines_of(word, across_mm, size_pt, bold) > 1:
            cut = max(n for n in range(1, len(word)) if n == 1 or lines_of(word[:n], across_mm, size_pt, bold) == 1)
            lines, word = [*lines, word[:cut]], word[cut:]
        joined = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], joined] if lines_of(joined, across_mm, size_pt, bold) == 1 else [*lines, word]
    return [line for line in lines if line] or [""]


class _Pages:
    """Pages that are written from top to bottom; a new one begins where there is no more room."""

    def __init__(self, chart: Chart) -> None:
        self.chart, self.down_mm = chart, 0.0
        self.done: list[Figure] = []
        self._new()

    def _new(self) -> None:
        self.figure = Figure(figsize=(ACROSS_MM / MM_PER_INCH, DOWN_MM / MM_PER_INCH))
        self.done.append(self.figure)
        self.down_mm = EDGE_MM

    def feet(self) -> None:
        """At the foot of each page what it is, whose, and how many there are: a loose page is nobody else's."""
        verdict = "NOT TO BE USED, REFUSED" if self.chart.refused else self.chart.verdict
        what = f"{self.chart.title}    fingerprint {self.chart.fingerprint}    {verdict}"
        y_mm, room_mm = DOWN_MM - EDGE_MM + 1, ACROSS_MM - 2 * EDGE_MM - PAGE_NUMBER_MM
        size_pt = TIGHT_PT * min(1.0, room_mm / width_mm(self.chart.named, TIGHT_PT, bold=True))
        for number, figure in enumerate(self.done, 1):
            self.figure = figure
            self.write(self.chart.named, EDGE_MM, y_mm, size_pt, bold=True)
            self.write(what, EDGE_MM, y_mm + TIGHT_PT * MM_PER_PT * 1.25, TIGHT_PT, bold=True)
            self.write(f"page {number} of {len(self.done)}", ACROSS_MM - EDGE_MM, y_mm, TIGHT_PT, bold=True, right=True)

    def write(
        self, text: str, x_mm: float, y_mm: float, size_pt: float, bold: bool = False, right: bool = False
    ) -> None:
        """One line, its upper edge at `y_mm`. Raises UserError for letters that no font has."""
        letters.demand_known(text, OTHERWISE)
        look: dict[str, Any] = {"fontsize": size_pt, "va": "top", "ha": "right" if right else "left"}
        weight = "bold" if bold else "normal"
        self.figure.text(x_mm / ACROSS_MM, 1 - y_mm / DOWN_MM, text, weight=weight, **look)

    def box(self, x_mm: float, y_mm: float, wide_mm: float, high_mm: float, **look: Any) -> None:
        """A ruled field."""
        corner = (x_mm / ACROSS_MM, 1 - (y_mm + high_mm) / DOWN_MM)
        size = (wide_mm / ACROSS_MM, high_mm / DOWN_MM)
        style = {"facecolor": "none", "edgecolor": "#000000", "linewidth": 0.4, **look}
        self.figure.add_artist(Rectangle(corner, *size, transform=self.figure.transFigure, **style))

    def room(self, high_mm: float) -> bool:
        """Makes room for so much; True when that began a new page."""
        if self.down_mm + high_mm <= DOWN_MM - EDGE_MM:
            return False
        self._new()
        return True

    def heading(self, text: str) -> None:
        """A title with room above, never the last line of a page."""
        self.room(HEADING_MM)
        self.down_mm += GAP_MM
        self.paragraph(text, HEAD_PT, bold=True)

    def paragraph(self, text: str, size_pt: float = BODY_PT, bold: bool = False) -> None:
        """A text as wide as the page."""
        for line in _wrapped(text, ACROSS_MM - 2 * EDGE_MM, size_pt, bold):
            high_mm = size_pt * MM_PER_PT * 1.35
            self.room(high_mm)
            self.write(line, EDGE_MM, self.down_mm, size_pt, bold)
            self.down_mm += high_mm


def _cell(text: str, wide_mm: float, bold: bool) -> tuple[list[str], float]:
    """The lines of a cell and their size: a text of one word (a number, a code) is made smaller, never broken."""
    room_mm = wide_mm - 2 * CELL_EDGE_MM
    if " " in text:
        return _wrapped(text, room_mm, TIGHT_PT, bold), TIGHT_PT
    return [text], TIGHT_PT * min(1.0, room_mm / max(width_mm(text, TIGHT_PT, bold), 1.0))


def _high_mm(cells: Sequence[str], widths_mm: Sequence[float], least_mm: float) -> float:
    """How high a row is in which no text is cut."""
    pairs = zip(cells, widths_mm, strict=True)
    lines = max(len(_cell(cell, wide, bold=True)[0]) for cell, wide in pairs)
    return max(least_mm, lines * TIGHT_PT * MM_PER_PT * 1.25 + 2 * CELL_EDGE_MM)


def _line(
    pages: _Pages, cells: Sequence[str], widths_mm: Sequence[float], high_mm: float, bold: bool, bag: int | None
) -> None:
    """One row of a table at the place that the pages have come to; a bag's row bears its colour and pattern."""
    x_mm, tint = float(EDGE_MM), look_of(bag).tint if bag is not None else "none"
    if bag is not None:
        look = look_of(bag)
        pages.box(x_mm, pages.down_mm, LOOK_MM, high_mm, facecolor=look.colour, edgecolor="#FFFFFF", hatch=look.hatch)
    x_mm += LOOK_MM
    for cell, wide_mm in zip(cells, widths_mm, strict=True):
        pages.box(x_mm, pages.down_mm, wide_mm, high_mm, facecolor=tint)
        lines, size_pt = _cell(cell, wide_mm, bold)
        for number, line in enumerate(lines):
            y_mm = pages.down_mm + CELL_EDGE_MM + number * TIGHT_PT * MM_PER_PT * 1.25
            pages.write(line, x_mm + CELL_EDGE_MM, y_mm, size_pt, bold)
        x_mm += wide_mm
    pages.down_mm += high_mm


class _Table:
    """A table whose titles stand on each page that it comes to."""

    def __init__(self, pages: _Pages, titles: Sequence[str], widths_mm: Sequence[float]) -> None:
        self.pages, self.titles, self.widths_mm = pages, titles, widths_mm
        self._head()

    def _head(self) -> None:
        high_mm = _high_mm(self.titles, self.widths_mm, 5)
        self.pages.room(high_mm + STEP_MM)
        _line(self.pages, self.titles, self.widths_mm, high_mm, True, None)

    def row(self, cells: Sequence[str], least_mm: float, bag: int | None = None, bold: bool = False) -> None:
        """A row; on a new page under the titles."""
        high_mm = _high_mm(cells, self.widths_mm, least_mm)
        if self.pages.room(high_mm):
            self._head()
        _line(self.pages, cells, self.widths_mm, high_mm, bold, bag)

    def wide_row(self, text: str, count: int, least_mm: float, bag: int | None = None) -> None:
        """A row whose first `count` cells are one."""
        across = (sum(self.widths_mm[:count]), *self.widths_mm[count:])
        cells = (text, *[""] * (len(self.widths_mm) - count))
        high_mm = _high_mm(cells, across, least_mm)
        if self.pages.room(high_mm):
            self._head()
        _line(self.pages, cells, across, high_mm, True, bag)


def _premedication(pages: _Pages) -> None:
    pages.heading("Premedication, by people: the pump does not know of it")
    table = _Table(pages, ("what, and the wait after it", "given at, zone", "initials"), (150, 65, 60))
    for text in pages.chart.premedication:
        table.row((text, "", ""), STEP_MM)


def _shares(titles: Sequence[str], across_mm: float) -> list[float]:
    """Widths of the printed columns: one alike, the planned times twice as wide."""
    parts = [2 if title == PLANNED else 1 for title in titles]
    return [across_mm * part / sum(parts) for part in parts]


def _head(pages: _Pages) -> None:
    chart = pages.chart
    pages.paragraph(chart.title, TITLE_PT, bold=True)
    if chart.refused:
        pages.paragraph(f"NOT TO BE USED. {chart.verdict}", TITLE_PT, bold=True)
    pages.paragraph(f"fingerprint {chart.fingerprint}    {chart.verdict}    {chart.approval}", HEAD_PT, bold=True)
    for at in range(0, len(chart.who), 4):
        across = (ACROSS_MM - 2 * EDGE_MM - LOOK_MM) / 4
        cells = [*chart.who[at : at + 4], *[""] * 4][:4]
        _line(pages, cells, [across] * 4, _high_mm(cells, [across] * 4, 7), True, None)
    for fact in chart.facts:
        pages.paragraph(fact)


def _bags(pages: _Pages) -> None:
    titles = (
        "bag",
        "code on its label",
        "in the bag",
        "strength",
        "dilution, diluent, expiry",
        "hung at, zone",
        "checked by, and by",
    )
    widths = (10, 38, 46, 38, 60, 36, 47)
    table = _Table(pages, titles, widths)
    for index, cells in pages.chart.bags:
        table.row((*cells, "", ""), STEP_MM, index, bold=True)


def _steps(pages: _Pages) -> None:
    chart, whole_mm = pages.chart, ACROSS_MM - 2 * EDGE_MM - LOOK_MM
    count = len(chart.titles)
    table = _Table(pages, (*chart.titles, *TO_WRITE), (*_shares(chart.titles, whole_mm - sum(WRITE_MM)), *WRITE_MM))
    table.wide_row("before the first: baseline", count, STEP_MM)
    for row in chart.rows:
        _row(table, row, count)
    for _ in range(EMPTY_ROWS):
        table.wide_row("hold, repeated or inserted step:", count, STEP_MM)


def _row(table: _Table, row: Row, count: int) -> None:
    least_mm = ROW_MM.get(row.kind, STEP_MM)
    if len(row.cells) == 1:
        table.wide_row(row.cells[0], count, least_mm, row.bag)
    else:
        table.row((*row.cells, *[""] * len(TO_WRITE)), least_mm, row.bag)


def _figures(chart: Chart) -> list[Figure]:
    pages = _Pages(chart)
    _head(pages)
    if chart.bags:
        _bags(pages)
    if chart.premedication:
        _premedication(pages)
    pages.heading("Steps")
    _steps(pages)
    for title, lines in chart.blocks:
        pages.heading(title)
        for line in lines:
            pages.paragraph(line)
    pages.paragraph(chart.notice, bold=True)
    pages.feet()
    return pages.done


def draw(chart: Chart) -> bytes:
    """The PDF. Raises UserError for a text that it cannot show."""
    made = BytesIO()
    with matplotlib.rc_context(_STYLE):
        figures = _figures(chart)
        with PdfPages(made, metadata={"CreationDate": None, "Creator": None, "Producer": None}) as file:
            for figure in figures:
                file.savefig(figure)
    return made.getvalue()
