"""A campaign whose sessions take a quarter of a second, for tests."""

from __future__ import annotations

from pathlib import Path

from toleramp_bench.campaign.file import read_campaign
from toleramp_bench.campaign.model import Campaign
from toleramp_bench.places import ROOT

STANDARD = ROOT / "hil_tests" / "campaigns" / "standard.toml"
# Four steps of fifteen minutes and people who tolerate tenfold rises: a session takes a quarter of a second.
HEAD = """format = 1
name = "quick"
[protocol]
template = "four-bag"
drug = "x"
dose_mg = 100
dwell_min = 15
bag_ml = 50
max_hold_min = 60
line_dead_volume_ml = 0.3
primed_with = "solution"
"""
CALM = """[patient]
threshold_per_h = 1000
sensitivity_sigma = 0
"""
WILD = """[patient]
release = 60
sensitivity_sigma = 1
"""
FAULTS = """[plant]
calibration = 0.05
[faults]
sensor_off = { chance = 0.4, seconds = [3, 60] }
stop_pressed = { chance = 0.4, times = [1, 2] }
wrong_bag = { chance = 0.4 }
power_cut = { chance = 0.2, seconds = 20 }
host_silent = { chance = 0.4, seconds = [5, 60] }
desaturation = { chance = 0.4, seconds = [10, 60], points = [4, 12] }
artifact = { chance = 0.3, seconds = [2, 60] }
frozen = { chance = 0.2, seconds = [5, 60] }
host_pause = { chance = 0.2 }
"""


def say(text: str) -> None:
    """Progress, not looked at."""


def campaign_file(folder: Path, text: str = HEAD + CALM + FAULTS) -> Path:
    """A campaign file with that text."""
    path = folder / "quick.toml"
    path.write_text(text, encoding="utf-8")
    return path


def made(folder: Path, text: str) -> Campaign:
    """The campaign of a text."""
    return read_campaign(campaign_file(folder, text))
