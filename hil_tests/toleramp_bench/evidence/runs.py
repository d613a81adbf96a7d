"""The long runs that exist."""

from __future__ import annotations

import sys

from pump.tables.oximeters import NAMES
from toleramp_bench.evidence.machinery import Run
from toleramp_bench.evidence.oximeter_lines import CHECKED, ERROR_FRAMES, RESYNC_PLACES
from toleramp_bench.places import ROOT

_PYTHON = sys.executable
_CORE = (
    "firmware/pump/**/*.py",
    "firmware/oximeters/*.py",
    "host_tools/toleramp/protocol/*.py",
    "host_tools/toleramp/protocols/*.toml",
    "hil_tests/toleramp_bench/boards/core_pump.py",
    "hil_tests/toleramp_bench/boards/local_brain.py",
    "hil_tests/toleramp_bench/boards/virtual.py",
    "hil_tests/toleramp_bench/devices/*.py",
    *(f"hil_tests/toleramp_bench/people/{part}.py" for part in ("nurse", "pace", "seen")),
    "hil_tests/toleramp_bench/names.py",
    "hil_tests/toleramp_bench/records.py",
    "hil_tests/toleramp_bench/runs/walk.py",
)
_CORE_RUN = (
    *_CORE,
    "hil_tests/toleramp_bench/evidence/core_full.py",
    "hil_tests/toleramp_bench/figures/measure.py",
)
# The image stands for the firmware; the rest is what stimulates and measures it.
_BOARD = (
    "hil_tests/toleramp_bench/*.py",
    *(f"hil_tests/toleramp_bench/{room}/*.py" for room in ("boards", "boards/emulator", "devices", "people", "runs")),
    "host_tools/toleramp/**/*.py",
    "host_tools/toleramp/protocols/*.toml",
    "boards/pump_pico/*.py",
)
_FUZZ = (
    "hil_tests/toleramp_bench/evidence/fuzz*.py",
    "hil_tests/toleramp_bench/evidence/plain_reading.py",
    "hil_tests/toleramp_bench/figures/generated.py",
    "host_tools/toleramp/*.py",
    "host_tools/toleramp/protocol/*.py",
    "host_tools/toleramp/protocol/templates/*.py",
    "host_tools/toleramp/protocols/*.toml",
    "firmware/pump/**/*.py",
)
_HOSTILE = (
    *_CORE,
    *(
        f"hil_tests/toleramp_bench/evidence/{part}.py"
        for part in ("fuzz", "hostile", "hostile_image", "hostile_run", "signed")
    ),
    "host_tools/toleramp/device/*.py",
)
_VERDICTS = (
    "hil_tests/toleramp_bench/evidence/verdicts.py",
    "hil_tests/toleramp_bench/figures/generated.py",
    "hil_tests/on_micropython/verdicts.py",
    "firmware/pump/**/*.py",
)
_LINES = (
    "hil_tests/toleramp_bench/evidence/fuzz.py",
    "hil_tests/toleramp_bench/evidence/oximeter_lines.py",
    "hil_tests/toleramp_bench/devices/*.py",
    "firmware/oximeters/*.py",
    "firmware/pump/tables/*.py",
)
_SIGNALS = (
    *_CORE,
    *(f"hil_tests/toleramp_bench/figures/{part}.py" for part in ("line_cases", "plain_line", "reaction", "loss_ways")),
    *(f"hil_tests/toleramp_bench/figures/{part}.py" for part in ("nights", "night_data", "plain_judge", "two_steps")),
    *(f"hil_tests/toleramp_bench/{room}/*.py" for room in ("plant", "runs", "scenario", "targets")),
)
_EXPLORED = ("firmware/pump/**/*.py", "tests/explore/*.py")
_CUTS = (
    "hil_tests/toleramp_bench/interrupts.py",
    "hil_tests/toleramp_bench/cuts/*.py",
    "hil_tests/toleramp_bench/figures/measure.py",
    *(f"hil_tests/toleramp_bench/runs/{part}.py" for part in ("forked", "forks")),
)

_CAMPAIGN = (
    *_CORE,
    "boards/pump_pico/mechanism.py",
    "hil_tests/campaigns/*.toml",
    "hil_tests/toleramp_bench/interrupts.py",
    *(
        f"hil_tests/toleramp_bench/{part}/*.py"
        for part in ("boards", "campaign", "people", "plant", "runs", "scenario", "targets")
    ),
)
_TESTS = ("core", "host", "bench", "firmware")  # what has a long form
_LIST = ROOT / "hil_tests" / "scenarios" / "board_later.txt"
# Scenarios that `make test` runs on the core only; every target has them here.
LATER = tuple(line for line in _LIST.read_text().splitlines() if line and not line.startswith("#"))


def _pytest(*words: str) -> tuple[str, ...]:
    return (_PYTHON, "-m", "pytest", "-n", "2", "--junitxml", "{out}/junit.xml", *words)


def _module(name: str, *words: str) -> tuple[str, ...]:
    return (_PYTHON, "-m", f"toleramp_bench.{name}", *words)


def _core(name: str, period_us: int, about: str) -> Run:
    command = _module("evidence.core_full", "--period-us", str(period_us), "--out", "{out}")
    what = f"the standard protocol at full dwell on the pure core, a scan every {period_us / 1000:g} ms"
    return Run(name, what, "core", command, _CORE_RUN, about=about)


def _fuzz(what: str, seconds: float) -> Run:
    command = _module("evidence.fuzz", what, "--seconds", f"{seconds:g}", "--out", "{out}")
    about = f"{seconds / 60:g} min"
    return Run(f"fuzz-{what}", f"random and damaged input for the {what}", "core", command, _FUZZ, about=about)


def _lines(seconds: float) -> list[Run]:
    """Damaged lines of oximeters, `seconds` of noise a format."""

    def one(what: str, form: str, said: str, about: str, *words: str) -> Run:
        command = _module("evidence.oximeter_lines", what, form, *words, "--out", "{out}")
        return Run(f"oximeter-{what}-{form}", f"{form}: {said}", "core", command, _LINES, about=about)

    return [
        *(one("errors", form, f"{ERROR_FRAMES} frames with 1 % byte errors", "2 min") for form in CHECKED),
        *(one("resync", form, f"{RESYNC_PLACES} lost bytes", "some seconds") for form in NAMES),
        *(
            one("fuzz", form, "noise between readings", f"{seconds / 60:g} min", "--seconds", f"{seconds:g}")
            for form in NAMES
        ),
    ]  # fmt: skip


def _signals() -> list[Run]:
    """Phases of completed delays and of lost signals, and whole nights."""

    def phases(target: str, where: str, about: str) -> Run:
        command = _module("figures.reaction", "--target", target, "--out", "{out}")
        what = "last byte that completes the delay to the last pulse, each format at random phases"
        needs = _SIGNALS if target == "core" else (*_BOARD, *_SIGNALS)
        return Run(f"reaction-{target}", what, where, command, needs, image=target != "core", about=about)

    def losses(target: str, where: str, about: str, *words: str) -> Run:
        command = _module("figures.loss_ways", "--target", target, *words, "--out", "{out}")
        what = "the signal goes in every way that a format has, of patients who are well, low and falling"
        needs = _SIGNALS if target == "core" else (*_BOARD, *_SIGNALS)
        return Run(f"losses-{target}", what, where, command, needs, image=target != "core", about=about)

    nights = _module("figures", "--only", "nights", "--json", "{out}/facts.json")
    return [
        Run("nights", "whole nights by the default rule and by others, and a second judge", "core", nights, _SIGNALS),
        phases("core", "core", "10 min"),
        losses("core", "core", "10 min"),
        phases("rp2040", "emulated rp2040", "half an hour"),
        losses("rp2040", "emulated rp2040", "half an hour", "--phases", "1"),
    ]


def _campaign(sessions: int) -> Run:
    """Its sessions are kept beside the runs: broken off, it goes on where it ended."""
    words = ("hil_tests/campaigns/standard.toml", "--sessions", str(sessions))
    command = _module("campaign", *words, "--out", "{out}/../campaign-kept", "--facts", "{out}/facts.json")
    what = f"{sessions} sessions at full length with drawn patients, people and faults, each judged"
    return Run("campaign", what, "core", command, _CAMPAIGN, about="1.5 h on two cores")


def _on_the_board() -> list[Run]:
    """The image's runs, the hour-long ones last."""
    demo = _module("demo", "--scale", "1", "--out", "{out}")
    return [
        Run(
            "figures", "performance figures against their bars", "emulated rp2040",
            _module("figures", "--json", "{out}/facts.json"), (*_BOARD, "hil_tests/toleramp_bench/figures/*.py"),
            image=True, about="some minutes",
        ),
        Run(
            "power-cuts", "1000 power cuts at random instants of a session, each pump brought up again",
            "emulated rp2040", _module("cuts", "--cuts", "1000", "--out", "{out}"), (*_BOARD, *_CUTS),
            image=True, about="5 min",
        ),
        Run(
            "store-cuts", "a power cut at every write of the store, after each of six parts of it, and a second one",
            "core", _module("cuts.writes", "--parts", "--out", "{out}"), (*_CORE, *_CUTS),
            about="20 min",
        ),
        Run(
            "replays", "20 scenarios with faults, recorded and replayed, decision by decision",
            "core and emulated rp2040",
            _module("evidence.replays", "--out", "{out}"),
            (*_BOARD, *_CAMPAIGN, "hil_tests/toleramp_bench/evidence/replays.py", "hil_tests/scenarios/*.toml"),
            image=True, about="20 min",
        ),
        Run(
            "hostile-image", "4000 hostile frames at rest and in a session: nothing changed, lateness, heap",
            "emulated rp2040", _module("evidence.hostile_run", "image", "--frames", "4000", "--out", "{out}"),
            (*_BOARD, *_HOSTILE), image=True, about="10 min",
        ),
        Run(
            "flips", "10,000 flipped bits of what is stored and of what judges in RAM, each against its twin",
            "core", _module("cuts.flips", "--bits", "10000", "--out", "{out}"), (*_CORE, *_CUTS),
            about="half an hour on two cores",
        ),
        Run(
            "scenario-full", "the standard session at full length, core and image compared event by event",
            "core and emulated rp2040",
            (_PYTHON, "-m", "toleramp.cli", "scenario", "run", "hil_tests/scenarios/long/full-session-20ms.toml",
             "--target", "core,rp2040", "--plots", "--out", "{out}"),
            (*_BOARD, *_CAMPAIGN, "hil_tests/scenarios/long/*.toml"), image=True,
            product="rp2040/full-session-20ms/result.json", about="an hour",
        ),
        Run(
            "demo-full", "the whole session at full length, with a desaturation and a reaction", "emulated rp2040",
            demo, (*_BOARD, "hil_tests/toleramp_bench/demo/*.py"),
            image=True, product="report.html", about="an hour or more",
        ),
    ]  # fmt: skip


def _explored() -> Run:
    return Run(
        "explore", "every state of the core with four protocols, whatever hands and bags do, to the end", "core",
        (_PYTHON, "-m", "tests.explore", "all", "--complete", "--cpu", "7200", "--out", "{out}"), _EXPLORED,
        about="two to four hours; a space that is not at its end after two of them fails",
    )  # fmt: skip


def all_runs(seconds: float = 600) -> list[Run]:
    """Every run, cheap ones first; `seconds` for each of the fuzzers."""
    agree = _module(
        "evidence.core_full", "--agree", "{out}/../core-full-1s", "{out}/../core-full-20ms", "--out", "{out}"
    )
    return [
        _core("core-full-1s", 1_000_000, "2 s"),
        _core("core-full-20ms", 20_000, "20 s"),
        Run(
            "core-full-agree", "the two runs above, step by step", "core", agree,
            _CORE_RUN,
        ),
        _fuzz("frames", seconds),
        _fuzz("protocol", seconds),
        _fuzz("files", seconds),
        Run(
            "hostile-core", "100,000 hostile frames at a pump with a keyring, in five situations", "core",
            _module("evidence.hostile_run", "core", "--frames", "100000", "--out", "{out}"), _HOSTILE, about="3 min",
        ),
        *_lines(seconds),
        *_signals(),
        Run(
            "verdicts", "a million protocols judged by the laptop and by the device's code", "MicroPython for Unix",
            _module("evidence.verdicts", "--out", "{out}"), _VERDICTS, about="10 min",
        ),
        _campaign(10_000),
        _explored(),
        Run(
            "walks", "random hands, hosts, patients and motors at the core, a hundred times the tests'", "core",
            ("/usr/bin/env", "TOLERAMP_EXAMPLES=100", *_pytest("tests/core/test_session_walk.py")),
            (*_CORE, "tests/*.py", "tests/core/*.py"), product="junit.xml", about="half an hour",
        ),
        Run(
            "tests", "the tests in their long form: rows and tests that `make test` leaves out, ten times the examples",
            "core, MicroPython for Unix and emulated rp2040", _pytest("--long", *(f"tests/{room}" for room in _TESTS)),
            (*_BOARD, *_CAMPAIGN, "tests/**/*.py", "hil_tests/**/*.py", "hil_tests/scenarios/*.toml"), image=True,
            product="junit.xml", about="two hours",
        ),
        Run(
            "scenarios", "the scenarios that the tests have on the core only, on the emulated board", "emulated rp2040",
            _pytest("--target", "core,rp2040", *(f"hil_tests/scenarios/{name}.toml" for name in LATER)),
            (*_BOARD, *_CAMPAIGN, "hil_tests/scenarios/*.toml"), image=True, product="junit.xml", about="some minutes",
        ),
        *_on_the_board(),
    ]  # fmt: skip
