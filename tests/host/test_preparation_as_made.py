"""`protocol prepare` judges the protocol as the bags as made would give it."""

import contextlib
import io
import json
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import toleramp
from pump.protocol.protocol import LINE_FILL, Protocol
from toleramp import cli
from toleramp.preparation.as_made import as_made, largest_rise, mix, new_findings, remedy
from toleramp.preparation.mixing import Means, prepare
from toleramp.protocol.file import read_protocol

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
F = Fraction
COARSE = ("--syringe-step-ml", "5")
STEEP = ("--stock-mg-per-ml", "40", "--serial", "none", "--syringe-step-ml", "0.1")  # bag A: 0.125 mL, made with 0.1


def run(*words: object) -> tuple[int, str, str]:
    """Exit code, output and messages of `protocol prepare`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(["protocol", "prepare", *map(str, words)])
    return code, out.getvalue(), err.getvalue()


def sheet(*words: object) -> tuple[int, dict[str, Any]]:
    """Exit code and document."""
    code, out, _ = run(*words, "--json")
    return code, json.loads(out)


# -- the rules, for what was really made


@pytest.mark.req("PRO-3")
def test_the_command_of_the_readme_keeps_the_dose(tmp_path: Path) -> None:
    """Else the project's own example gives 0.8 % too much."""
    labels = tmp_path / "labels.html"
    code, out, err = run(SAMPLE, "--stock-mg-per-ml", "10", "--labels", labels)
    assert code == 0 and labels.exists() and "3 labels" in err
    assert (
        "49.6 mL of the stock (496.065 mg / 10 mg/mL = 49.6065 mL): 49 mL in a 50 mL syringe + 0.6 mL in a 1 mL" in out
    )
    rows = {line[:22].strip(): line[22:].split() for line in out.splitlines() if line.startswith("  ")}
    assert rows["bag C, mg/mL"] == ["1.98426", "1.984", "-0.0131", "%"]
    assert rows["dose given, mg"] == ["500", "499.935", "-0.013", "%"]
    assert rows["largest rise"] == rows["at the vein"] == ["2.5", "x", "(step", "2)"] * 2
    assert "no rule finds anything that is not in the protocol" in out and "own tolerance comes on top" in out


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize("stock", ["1.99", "6", "7", "10", "12.5", "15", "20", "25", "37.5", "40", "50", "100"])
def test_a_usual_stock_needs_no_option(stock: str) -> None:
    """Else the pharmacist has to search for a way to mix."""
    code, made = sheet(SAMPLE, "--stock-mg-per-ml", stock)
    assert code == 0 and made["warnings"] == made["as_made"]["findings"] == []
    assert abs(F(made["dose_error_percent"])) < F(1, 4)


@pytest.mark.req("PRO-3")
def test_a_dose_that_rounding_spoils_is_not_prepared(tmp_path: Path) -> None:
    """Else bags are hung that miss the dose by more than 0.5 %. What would do is said, and does."""
    labels = tmp_path / "labels.html"
    code, out, err = run(SAMPLE, "--stock-mg-per-ml", "10", *COARSE, "--labels", labels)
    assert code == 1 and not labels.exists()
    first = out.splitlines()[0]
    assert first.startswith("NOT TO BE PREPARED: as made, protocol: the steps do not sum") and "[dose-sum]" in first
    assert "what would do: leave --syringe-step-ml out" in out
    assert "add    " not in out and "Mixed by" not in out  # nothing to mix by
    assert "dose given, mg           500                  495.287              -0.943 %" in out
    assert err.startswith("no labels written: as made, ") and "dose-sum" in err and "leave --syringe" in err
    code, made = sheet(SAMPLE, "--stock-mg-per-ml", "10", *COARSE)
    assert code == 1 and [row["code"] for row in made["errors"]] == ["dose-sum"]


@pytest.mark.req("PRO-2")
def test_a_rise_that_rounding_makes_is_told(tmp_path: Path) -> None:
    """Else bag A is 20 % too weak, bag B 4 % too strong, and the rise between them is over the limit."""
    labels = tmp_path / "labels.html"
    code, out, err = run(SAMPLE, *STEEP, "--labels", labels)
    # 2.5 * (1.3 / 1.25) / (0.1 / 0.125) = 3.25
    assert code == 1 and not labels.exists() and "no labels written" in err
    assert "as made, step 5: the dose rate rises 3.25-fold" in out and "[ratio-exceeded]" in out
    assert "largest rise             2.5 x (step 2)       3.25 x (step 5)" in out
    # 41 mg/mL: 0.122 mL and 1.22 mL, made with 0.1 and 1.2: two people confirm it
    code, out, _ = run(SAMPLE, "--stock-mg-per-ml", "41", *STEEP[2:])
    assert code == 0 and "warning: step 5: the dose rate rises 3.00-fold" in out and "[ratio-two-person]" in out


@pytest.mark.req("PRO-3")
def test_a_remedy_does_what_it_says() -> None:
    """Else people try in vain."""
    protocol = read_protocol(SAMPLE)
    assert not mix(protocol, Means(F(10), F(5))).sound
    assert remedy(protocol, Means(F(10), F(5))) == "leave --syringe-step-ml out" and mix(protocol, Means(F(10))).sound
    # 0.3745 mL of a strong stock: no syringe measures it to 0.5 %
    small = read_protocol(SAMPLE)
    for bag in small.solutions:
        bag.drug_pg = bag.drug_pg * 755 // 1000
    small.full_dose_pg = small.full_dose_pg * 755 // 1000
    strong = Means(F(1000))
    assert not mix(small, strong).sound
    said = remedy(small, strong)
    assert said == "dilute the stock 1:2 first: --stock-mg-per-ml 500" and mix(small, Means(F(500))).sound


@pytest.mark.req("PRO-3")
def test_a_plan_on_its_limit_is_rounded_down() -> None:
    """Else a first step of just 1/400 of the dose is refused for the rounding of a syringe."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.toml"
        new(path, "one-bag", "333.37")
        protocol = read_protocol(path)
    nearest = prepare(protocol, Means(F(10)))
    assert [row["code"] for row in new_findings(protocol, as_made(protocol, nearest))] == ["first-step"]
    made = mix(protocol, Means(F(10)))
    assert made.sound and made.means.down and made.bags[0].draw_ml == F("33.33")


@pytest.mark.req("PRO-3", "PRO-7")
def test_no_bag_is_made_too_small() -> None:
    """Else a bag that is given to its end runs dry before, and air follows."""
    for tenths in range(2500, 2900, 7):
        _, made = sheet(SAMPLE, "--stock-mg-per-ml", "13", "--holds-ml", f"C={tenths / 10}")
        volume = F(made["bags"][2]["made_volume_ml"])
        assert 250 <= volume <= F("250.25"), tenths


@pytest.mark.req("PRO-3")
def test_doses_by_mouth_are_judged_as_drawn_up(tmp_path: Path) -> None:
    """Else 1.4 % less than the dose is drawn up, each dose with a warning alone."""
    path = tmp_path / "oral.toml"
    text = SAMPLE.read_text("utf-8").split("[[solution]]")[0].replace("500.0", "7").replace("multi-bag", "oral")
    keys = ("line_dead", "primed", "route")
    lines = [line for line in text.splitlines() if not line.startswith(keys)] + ['route = "oral"']
    lines += [f'[[step]]\nkind = "oral"\ndose_mg = {dose}\nminutes = 15' for dose in (1, 2, 4)]
    path.write_text("\n".join(lines), "utf-8")
    code, made = sheet(path, "--stock-mg-per-ml", "3")
    assert code == 1 and [row["code"] for row in made["errors"]] == ["dose-sum"]  # 0.33 + 0.67 + 1.3 mL: 6.9 mg
    assert "NOT TO BE PREPARED: as made" in run(path, "--stock-mg-per-ml", "3")[1]
    code, out, _ = run(path, "--stock-mg-per-ml", "0.5")
    assert code == 0 and "largest rise             2 x (step 2)         2 x (step 2)" in out


# -- the same judgement, reckoned a second time from what was measured


def new(path: Path, template: str, dose: str) -> None:
    """Writes a protocol file from a template."""
    words = ["protocol", "new", "--template", template, "--drug", "x", "--dose-mg", dose, "-o", str(path)]
    words += ["--max-hold-min", "120", "--line-dead-volume-ml", "0.2", "--primed-with", "solution"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert cli.main(words) in (0, 1)


def strengths(made: dict[str, Any]) -> list[tuple[Fraction, Fraction]]:
    """(mg/mL, mL) of each bag from syringes and containers alone."""
    bags = {bag["id"]: bag for bag in made["bags"]}

    def of(bag: dict[str, Any]) -> Fraction:
        source = F(made["stock_per_ml"]) if bag["source"] == "stock" else of(bags[bag["source"]])
        return source * F(bag["draw_ml"]) / (F(bag["holds_ml"]) + F(bag["diluent_ml"]) + F(bag["draw_ml"]))

    def left(bag: dict[str, Any]) -> Fraction:
        taken = sum((F(other["draw_ml"]) for other in made["bags"] if other["source"] == bag["id"]), F(0))
        return F(bag["holds_ml"]) + F(bag["diluent_ml"]) + F(bag["draw_ml"]) - taken

    return [(of(bag), left(bag)) for bag in made["bags"]]


def broken(protocol: Protocol, bags: list[tuple[Fraction, Fraction]]) -> list[str]:
    """What PRO-2 and PRO-3 forbid, with these bags; 1 pg and 1 nL are no matter."""
    hair, full = F(1, 10**6), F(protocol.full_dose_pg, 10**9)
    dose, highest, first, said = F(0), F(0), None, []
    used = [F(bag.line_nl, 10**6) for bag in protocol.solutions]
    for step in protocol.steps:
        volume, rate = F(step.volume_nl, 10**6), F(step.rate_e4, 10**4)
        used[step.solution] += volume
        if step.flags & LINE_FILL:
            continue
        level = bags[step.solution][0] * rate
        dose += volume * bags[step.solution][0]
        first = first or level / 4
        if highest and level > highest * 3 * (1 + hair):
            said.append("rise")
        if level < highest * F(995, 1000) * (1 - hair):
            said.append("fall")
        highest = max(highest, level)
    said += ["sum"] if abs(dose / full - 1) > F(1, 200) + hair else []
    said += ["short"] if any(need > bag[1] + hair for need, bag in zip(used, bags, strict=True)) else []
    divisor = 400 if protocol.kind == 1 else 1000
    said += ["first"] if first and first * divisor > full * (1 + hair) else []
    return said


TEMPLATES = ("bwh-8", "bwh-12", "bwh-16", "bwh-20", "one-bag")
AMOUNTS = st.decimals("0.5", "3000", places=2).map(str)


@pytest.mark.req("PRO-2", "PRO-3")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(TEMPLATES),
    AMOUNTS,
    st.decimals("0.5", "1000", places=2).map(str),
    st.sampled_from(["auto", "auto", "0.01", "0.1", "0.5", "1", "5"]),
    st.sampled_from(["auto", "none"]),
)
def test_labels_only_for_what_keeps_the_rules(template: str, dose: str, stock: str, step: str, serial: str) -> None:
    """Else a bag is labelled that breaks a rule; refused only for one that does."""
    with tempfile.TemporaryDirectory() as folder:
        path, labels = Path(folder) / "p.toml", Path(folder) / "l.html"
        new(path, template, dose)
        words = (path, "--stock-mg-per-ml", stock, "--syringe-step-ml", step, "--serial", serial)
        code, out, err = run(*words, "--labels", labels, "--json")
        assert labels.exists() == (code == 0) and "Traceback" not in err
        if code == 2:
            return
        made = json.loads(out)
        if not made["bags"]:
            assert code == 1
            return
        assert bool(broken(read_protocol(path), strengths(made))) == (code == 1)


@pytest.mark.req("PRO-2")
def test_the_largest_rise() -> None:
    """The first of equals; after a fall over the highest before it."""
    protocol = read_protocol(SAMPLE)
    assert largest_rise(protocol) == (F(5, 2), 2)
    protocol.steps[8].rate_e4 = 113_000  # 11.3 mL/h of 496.065 mg after 40 mL/h of 50 mg
    assert largest_rise(protocol) == (F("11.3") * F("496.065") / 2000, 9)
