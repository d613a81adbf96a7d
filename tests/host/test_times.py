"""An absolute time names its zone wherever people read it (PRO-8): labels, findings, pages, reports."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from approval_kit import Office

from toleramp.preparation.labels import moments
from toleramp.words import times

pytest_plugins = ("approval_kit",)
DATED = 'id = "A"\nprepared_at = "{}"\nexpires_h = {}'


def label_page(office: Office, tmp_path: Path, prepared: str, hours: str, zone: str | None = None) -> str:
    """The labels of the sample whose first bag has these dates."""
    office.change('id = "A"', DATED.format(prepared, hours))
    if zone:
        office.change('route = "IV"', f'route = "IV"\nward_zone = "{zone}"')
    page = tmp_path / "labels.html"
    words = ("protocol", "prepare", office.file, "--now", prepared, "--labels", page)
    assert office.run(*words) == 0
    return page.read_text("utf-8")


@pytest.mark.req("PRO-8")
def test_a_bag_prepared_in_utc_says_so_on_its_label(office: Office, tmp_path: Path) -> None:
    """Else a ward five hours west reads the bag as good five hours too long."""
    page = label_page(office, tmp_path, "2026-11-22T18:00:00+00:00", "24")
    assert "<b>2026-11-22 18:00 +00:00</b>" in page and "<b>2026-11-23 18:00 +00:00</b>" in page


@pytest.mark.req("PRO-8")
def test_a_label_is_in_the_ward_s_clock_where_its_zone_is_named(office: Office, tmp_path: Path) -> None:
    """Else people convert in their heads."""
    page = label_page(office, tmp_path, "2026-11-22T18:00:00+00:00", "24", "America/New_York")
    assert "<b>2026-11-22 13:00 -05:00 America/New_York</b>" in page
    assert "<b>2026-11-23 13:00 -05:00 America/New_York</b>" in page


@pytest.mark.req("PRO-8")
def test_a_bag_over_the_end_of_summer_time_lasts_its_hours(office: Office, tmp_path: Path) -> None:
    """Else a label of 24 h is read as 25: the clock on the wall stood still for an hour in between."""
    page = label_page(office, tmp_path, "2026-10-24T18:00:00+02:00", "24", "Europe/Berlin")
    assert "<b>2026-10-24 18:00 +02:00 Europe/Berlin</b>" in page
    assert "<b>2026-10-25 17:00 +01:00 Europe/Berlin</b>" in page


@pytest.mark.req("PRO-8")
def test_hours_are_those_that_pass() -> None:
    """Else arithmetic on a wall clock gains or loses an hour twice a year."""
    start = datetime(2026, 3, 29, 1, 30, tzinfo=times.zone("Europe/Berlin"))
    assert times.later(start, 1).isoformat() == "2026-03-29T03:30:00+02:00"
    assert times.later(start, 24).astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=24)
    assert moments({"id": "A", "prepared_at": "2026-10-24T18:00:00+02:00", "expires_h": 24}, None) == (
        "2026-10-24 18:00 +02:00",
        "2026-10-25 18:00 +02:00",
    )


@pytest.mark.req("PRO-8", "PRO-6")
@pytest.mark.parametrize("name", ["CET+1", "EST", "Berlin", "Europe/Nowhere", "../../etc/passwd", ""])
def test_what_is_no_zone_is_refused(office: Office, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Else a time is shown in a zone that nobody meant."""
    office.change('route = "IV"', f'route = "IV"\nward_zone = "{name}"')
    assert office.run("protocol", "check", office.file, "--json") == 1
    rows = json.loads(capsys.readouterr().out)["findings"]
    assert any("Europe/Berlin" in row["message"] and row["where"] == "protocol, ward_zone" for row in rows)


@pytest.mark.req("PRO-8")
def test_findings_of_expiry_carry_the_zone(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the message about a bag that expires is itself read in the wrong clock."""
    office.change('id = "C"', DATED.replace("A", "C").format("2026-10-24T18:00:00+02:00", "24"))
    office.change('route = "IV"', 'route = "IV"\nward_zone = "Europe/Berlin"')
    assert office.run("protocol", "check", office.file, "--now", "2026-10-25T16:00:00Z", "--json") == 1
    said = next(row["message"] for row in json.loads(capsys.readouterr().out)["findings"] if row["code"] == "expired")
    assert "expires 2026-10-25 17:00 +01:00 Europe/Berlin" in said and "22:39 +01:00 Europe/Berlin" in said


@pytest.mark.req("SES-9")
def test_a_clock_without_a_zone_says_that_it_has_none() -> None:
    """Else an old log's times look as sure as the others."""
    assert times.shown(datetime(2026, 1, 2, 3, 4)) == "2026-01-02 03:04 (zone not known)"
    assert times.clock(datetime(2026, 1, 2, 3, 4, tzinfo=UTC)) == "03:04:00 +00:00"
