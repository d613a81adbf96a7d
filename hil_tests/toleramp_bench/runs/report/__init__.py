"""The report on scenarios: every folder of evidence, the library of scenarios and the requirements, on one page.

`read_runs(folders)` reads what runs left behind, `build` puts it to the library and the requirements, `html` makes the
page and `summary` the JSON document. It reads files only.
"""

from toleramp_bench.runs.report.build import Report, build
from toleramp_bench.runs.report.library import LIBRARY, REQUIREMENTS
from toleramp_bench.runs.report.read import Run, read_runs
from toleramp_bench.runs.report.render import html
from toleramp_bench.runs.report.summary import summary

__all__ = ["LIBRARY", "REQUIREMENTS", "Report", "Run", "build", "html", "read_runs", "summary"]
