"""Findings that need the file: printed cells against the arithmetic, dilution and expiry of bags, flush, approval.

The laptop's part; the pump sees of these the approval alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from pump.protocol.protocol import BENCH, Protocol
from pump.tables import refusals
from toleramp.approval.table import BOTH, UNFIT
from toleramp.preparation.mixing import show
from toleramp.protocol.dilution import dilution_fits
from toleramp.protocol.file import Reading
from toleramp.protocol.flush import flush_findings
from toleramp.protocol.keys import APPROVAL
from toleramp.protocol.printed import printed_findings
from toleramp.protocol.reader import brief, when
from toleramp.protocol.rule_rows import finding_row
from toleramp.protocol.usual import usual_findings
from toleramp.words.times import later, zone_of
from toleramp.words.times import shown as shown_time

Row = dict[str, str]
BMI = (8, 90)  # kg/m2: newborns to the heaviest adults (ours)
LONGEST_AHEAD = timedelta(days=2)  # a bag is made on the day, or the day before (ours)


def _too_soon(letter: str, prepared: datetime | None, start: datetime, where: str, ward: ZoneInfo | None) -> list[Row]:
    """A bag that is not there when the first step starts: planned ahead, or a slip in the date."""
    if prepared is None or prepared <= start:
        return []
    message = f"bag {letter} is prepared {shown_time(prepared, ward)}, after this start (--now)"
    if prepared - start > LONGEST_AHEAD:
        return [
            finding_row(
                "error", refusals.EXPIRED, where, f"{message}, and more than two days later: is the date right?"
            )
        ]
    return [finding_row("warning", refusals.EXPIRED, where, message)]


def dilution_findings(reading: Reading, protocol: Protocol) -> list[Row]:
    """A bag's dilution 1:n against its drug: written beside each other, they must say the same."""
    rows = []
    for index, table in enumerate(reading.content.get("solution", [])):
        text, where = table.get("dilution"), f"solution {index + 1}"
        if text is None:
            continue
        fits = dilution_fits(protocol, protocol.solutions[index], text)
        if fits is None:
            message = f"dilution {brief(text)} is not of the form 1:100, so it is not checked"
            rows.append(finding_row("warning", "dilution", where, message))
        elif not fits:
            message = f"dilution {text} does not fit the drug in bag {table['id']}: correct dilution, drug or volume"
            rows.append(finding_row("error", "dilution", where, message))
    return rows


def expiry_findings(reading: Reading, protocol: Protocol, now: datetime) -> list[Row]:
    """Bags that expire before their last step ends, if the first step starts at `now` and nothing holds."""
    rows, ward = [], zone_of(reading.content)
    for index, table in enumerate(reading.content.get("solution", [])):
        if ("prepared_at" in table) != ("expires_h" in table):
            message = "prepared_at and expires_h belong together; the expiry cannot be judged"
            rows.append(finding_row("warning", refusals.EXPIRED, f"solution {index + 1}", message))
        prepared = when(table.get("prepared_at"))
        rows += _too_soon(table["id"], prepared, now, f"solution {index + 1}", ward)
        used = [number for number, step in enumerate(protocol.steps) if step.solution == index]
        if prepared is None or "expires_h" not in table or not used:
            continue
        expires = later(prepared, table["expires_h"])
        done = now + timedelta(milliseconds=sum(step.duration_ms for step in protocol.steps[: used[-1] + 1]))
        if expires < done:
            message = (
                f"bag {table['id']} expires {shown_time(expires, ward)}, its last step would end"
                f" {shown_time(done.astimezone(expires.tzinfo), ward)}: prepare it later, or start earlier"
            )
            rows.append(finding_row("error", refusals.EXPIRED, f"solution {index + 1}", message))
    return rows


def body_findings(reading: Reading) -> list[Row]:
    """Weight and height that fit nobody: one of them is wrong, or they are exchanged; doses by both go by them."""
    head = reading.content["protocol"]
    if "weight_kg" not in head or "height_cm" not in head:
        return []
    weight, height = Fraction(head["weight_kg"]), Fraction(head["height_cm"])
    index = weight / (height / 100) ** 2
    if BMI[0] <= index <= BMI[1]:
        return []
    exchanged = height > 0 and weight > 0 and BMI[0] <= height / (weight / 100) ** 2 <= BMI[1]
    ask = "are they exchanged?" if exchanged else "is one of them wrong?"
    message = f"weight_kg {show(weight)} and height_cm {show(height)} make {show(index, 3)} kg/m2: {ask}"
    return [finding_row("warning", "body", "protocol", message)]


def approval_findings(reading: Reading) -> list[Row]:
    """An approval that is not there yet is a warning, one that does not fit the content an error."""
    found = reading.standing
    if found.kind == BOTH and reading.protocol and reading.protocol.kind == BENCH:
        return [
            finding_row(
                "warning", refusals.APPROVAL, APPROVAL, "class bench loads only in bench mode, whoever signs it"
            )
        ]
    if found.kind == BOTH:
        return []
    if found.kind == UNFIT:
        message = f"{found.problem}: sign it anew (`toleramp protocol sign --renew`), or take [approval] out"
        return [finding_row("error", refusals.APPROVAL, APPROVAL, message)]
    where = "" if reading.protocol and reading.protocol.doses else ": loads only in bench mode"  # by mouth: nowhere
    return [finding_row("warning", refusals.APPROVAL, APPROVAL, f"not approved{where} ({found.words()})")]


def file_findings(reading: Reading, now: datetime | None = None) -> list[Row]:
    """All findings that need the file, as `protocol check --json` shows them; `now`: when the first step starts."""
    protocol = reading.judged
    if protocol is None:
        return []
    start = now or datetime.now(UTC)
    return (
        printed_findings(reading, protocol)
        + dilution_findings(reading, protocol)
        + expiry_findings(reading, protocol, start)
        + flush_findings(reading, protocol)
        + usual_findings(reading, protocol)
        + body_findings(reading)
        + (approval_findings(reading) if reading.protocol else [])
    )
