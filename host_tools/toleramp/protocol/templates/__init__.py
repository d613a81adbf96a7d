"""Templates of protocols: each builds an exact plan from its options; none of them is a prescription."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from toleramp.protocol.templates import contract, custom, ladder, options, oral, series, wide
from toleramp.protocol.templates.model import Plan
from toleramp.protocol.templates.options import COMMON, Option, Values


@dataclass(frozen=True)
class Template:
    """A template: what it is in one line, its options, build(values, dose in pg), and common options it has no use for.

    An own option of the name of a common one stands for it.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    build: Callable[[Values, int], Plan]
    without: tuple[str, ...] = ()

    def every_option(self) -> tuple[Option, ...]:
        """The options of all protocols, then its own, then those of the file's other keys."""
        other = {*self.without, *(option.key for option in self.options)}
        by_mouth = "line_dead_volume_ml" in self.without  # what has no line
        senseless = () if by_mouth else contract.without(oral=False)
        after = (option for option in contract.OPTIONS if option.key not in {*other, *senseless})
        return (*(option for option in COMMON if option.key not in other), *self.options, *after)


def _ladder_options(bag: str, first: str, final: str) -> tuple[Option, ...]:
    with_bag = f"in bags of {bag} mL, in proportion in others"
    return (
        replace(options.BAG, default=bag),
        options.OVERFILL,
        replace(options.FIRST_RATE, hint=f"{first} {with_bag}"),
        replace(options.FINAL_RATE, hint=f"{final} {with_bag}"),
        options.SCALED_RATE,
        options.DWELL,
        options.LINE_FILL,
        options.OWN_LINE,
    )


def _bwh(name: str, summary: str, shape: ladder.Shape) -> Template:
    own = (*_ladder_options("250", shape.bags[0][1].split()[0], "80"), options.LAST_BAG)
    return Template(name, summary, own, partial(ladder.build, shape))


TEMPLATES = (
    _bwh("bwh-8", "8 steps from two bags, 1:10 and 1:1", ladder.BWH_8),
    _bwh("bwh-12", "12 steps from three bags, 1:100 to 1:1", ladder.BWH_12),
    _bwh("bwh-16", "16 steps from four bags, 1:1000 to 1:1", ladder.BWH_16),
    _bwh("bwh-20", "20 steps from five bags, 1:10000 to 1:1", ladder.BWH_20),
    Template(
        "one-bag",
        "nine rates from one bag of 500 mL",
        _ladder_options("500", "5", "250"),
        partial(ladder.build, ladder.ONE_BAG),
    ),
    Template(
        "four-bag",
        "four bags, 1:1000 to 1:1, one hour each; rises tenfold, so of class wide-step",
        (
            options.BAG,
            options.OVERFILL,
            replace(options.DWELL, question="Time of each bag", default="60"),
            options.LAST_BAG,
        ),
        wide.build,
    ),
    Template(
        "log-series",
        "absolute doses, doubling or half-log (wide-step), then what is left of the full dose",
        (
            replace(options.FIRST_DOSE, required=True),
            replace(options.FIRST_DOSE_U, hint="the dose is in mg"),
            Option("series", "Series", "choice", default="doubling", choices=("doubling", "half-log")),
            Option("series_steps", "Doses before the remainder", "whole", hint="as many as fit", low="1", high="39"),
            replace(options.FIRST_RATE, question="Lowest rate", default="2"),
            options.BAG,
            options.OVERFILL,
            options.DWELL,
        ),
        series.build,
    ),
    Template(
        "oral",
        "doses by mouth, doubling or in given proportions; people give them, no pump runs them",
        (
            replace(options.ROUTE, default="PO"),
            replace(options.FIRST_DOSE, hint="doses in proportion"),
            replace(options.FIRST_DOSE_U, hint="doses in proportion"),
            Option(
                "shares",
                "Doses in proportion to each other, scaled to the full dose, comma between",
                "numbers",
                hint="doubling from the first dose",
                low="0.000000001",
                digits=options.DRUG_DIGITS,
            ),
            Option("series_steps", "Doses before the remainder", "whole", hint="as many as fit", low="1", high="39"),
            Option("wait_min", "Wait after each dose", unit="min", default="15", low="0.01", high="1440", digits=4),
        ),
        oral.build,
        ("line_dead_volume_ml", "primed_with", "diluent", "code", *contract.without(oral=True)),
    ),
    Template(
        "custom",
        "a free table from a CSV file: solution,rate_ml_h,minutes",
        (
            Option("csv", "CSV file of the steps", "path", required=True),
            Option(
                "dilutions",
                "Dilutions, weakest bag first, comma between",
                "numbers",
                hint="tenfold, down to 1",
                low="1",
                alone=False,
            ),
            options.BAG,
            options.OVERFILL,
            options.LAST_BAG,
            Option(
                "class", "Class", "choice", hint="by the number of bags", choices=("multi-bag", "one-bag", "wide-step")
            ),
        ),
        custom.build,
    ),
)
BY_NAME = {template.name: template for template in TEMPLATES}


def every_option() -> list[Option]:
    """The options of all templates, each key once: the common ones, then the templates' own in their order."""
    every = {option.key: option for option in COMMON}
    for template in TEMPLATES:
        for option in template.options:
            every.setdefault(option.key, option)
    return list((every | {option.key: option for option in contract.OPTIONS if option.key not in every}).values())
