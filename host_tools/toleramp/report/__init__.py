"""The session report: what was planned, what was delivered, what happened, from one session log.

`build(records)` makes the model, `html` the page, `write_csv` the tables, `summary` the JSON.
"""

from toleramp.report.model import Report, build
from toleramp.report.render import html
from toleramp.report.summary import summary
from toleramp.report.tables import write_csv

__all__ = ["Report", "build", "html", "summary", "write_csv"]
