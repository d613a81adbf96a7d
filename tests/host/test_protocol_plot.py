"""`protocol plot`: the curves are the protocol's, the picture is drawn."""

from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

import toleramp
from toleramp import cli
from toleramp.protocol.file import read_protocol
from toleramp.protocol.plot import at_vein, edges_min, figure, pumped
from toleramp.protocol.table import scale_of, table
from toleramp.report import frame

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    """The sample with texts replaced."""
    text = SAMPLE.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "plotted.toml"
    path.write_text(text, "utf-8")
    return path


def plot(path: Path, picture: Path) -> int:
    """`protocol plot`."""
    return cli.main(["protocol", "plot", str(path), "-o", str(picture)])


def test_times_and_pumped_dose() -> None:
    protocol = read_protocol(SAMPLE)
    edges = edges_min(protocol)
    assert edges[:3] == [0, 15, 30] and edges[-1] == Fraction("339.375")
    assert pumped(protocol, Fraction("0.5")) == Fraction("0.01")
    assert pumped(protocol, Fraction("9.25")) == Fraction("0.185")
    assert pumped(protocol, Fraction(28)) == Fraction("3.935")  # bags A and B
    assert pumped(protocol, Fraction(278)) == 500


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize(("dead", "before_last", "left"), [("0.3", "7.61", "0.12"), ("5", "5.75", "1.98")])
def test_dose_at_the_vein_of_a_saline_primed_line(tmp_path: Path, dead: str, before_last: str, left: str) -> None:
    line = ("line_dead_volume_ml = 0.3", f"line_dead_volume_ml = {dead}")
    protocol = read_protocol(written(tmp_path, line, ('primed_with = "solution"', 'primed_with = "saline"')))
    assert at_vein(protocol, Fraction(dead)) == 0
    share = at_vein(protocol, Fraction("45.5")) / 5  # percent of 500 mg, when step 12 begins
    assert abs(share - Fraction(before_last)) < Fraction("0.006")
    rest = (500 - at_vein(protocol, Fraction(278))) / 5
    assert abs(rest - Fraction(left)) < Fraction("0.006")


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("dead", ["0", "0.3", "1.5", "20"])
@pytest.mark.parametrize("primed", ["saline", "solution"])
def test_the_vein_s_curve_goes_through_the_table_s_points(tmp_path: Path, dead: str, primed: str) -> None:
    line = ("line_dead_volume_ml = 0.3", f"line_dead_volume_ml = {dead}")
    protocol = read_protocol(written(tmp_path, line, ('primed_with = "solution"', f'primed_with = "{primed}"')))
    volume = Fraction(0)
    for step, row in zip(protocol.steps, table(protocol)["steps"], strict=True):
        volume += Fraction(step.volume_nl, 10**6)
        assert float(at_vein(protocol, volume)) == pytest.approx(row["vein_cumulative_mg"], abs=1e-12, rel=1e-12)


def test_a_line_primed_with_the_solution_gives_it_first() -> None:
    protocol = read_protocol(SAMPLE)
    assert at_vein(protocol, Fraction("0.5")) == Fraction("0.01")  # bag A's, all the way
    assert at_vein(protocol, Fraction("9.5")) == Fraction("0.19")  # bag B has not yet come through 0.3 mL


def test_png(tmp_path: Path) -> None:
    assert plot(SAMPLE, tmp_path / "p.png") == 0
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.width > 1000 and picture.height > 1000
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24) or []}
    assert {(0x00, 0x72, 0xB2), (0xB3, 0x54, 0x1E), (0xE3, 0xEE, 0xF7)} <= colours  # both curves, bag A's tint


def test_svg_is_the_same_each_time_and_names_what_it_shows(tmp_path: Path) -> None:
    name = ('name = "Carboplatin 500 mg, 12 steps"', 'name = "A <b> & $x_1$"')
    path = written(tmp_path, name)
    assert plot(path, tmp_path / "1.svg") == plot(path, tmp_path / "2.svg") == 0
    text = (tmp_path / "1.svg").read_text("utf-8")
    assert text == (tmp_path / "2.svg").read_text("utf-8")
    for words in (
        "Rate (mL/h)",
        "Dose rate (mg/h), log scale",
        "Bag C: 1.984 mg/mL",
        "158.7",
        "A &lt;b&gt; &amp; $x_1$",
    ):
        assert words in text


def of_dose(folder: Path, dose_mg: str, template: str = "bwh-12") -> Path:
    """A protocol from a template for so many mg."""
    path = folder / "dosed.toml"
    words = ["--drug", "carbo", "--dose-mg", dose_mg, "--max-hold-min", "120", "--line-dead-volume-ml", "0.3"]
    assert (
        cli.main(
            ["protocol", "new", "--template", template, *words, "--primed-with", "solution", "--force", "-o", str(path)]
        )
        == 0
    )
    return path


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize(
    ("dose", "name", "first"),
    [
        ("500", "mg", "0.04"),
        ("5", "mg", "0.0004"),
        ("1", "mcg", "0.08"),
        ("0.75", "mcg", "0.06"),
        ("0.4", "ng", "32"),
        ("0.0001", "pg", "8"),
    ],
)
def test_the_unit_of_a_picture_follows_its_first_doses(tmp_path: Path, dose: str, name: str, first: str) -> None:
    """Else small doses are rows of zeros, or powers of ten."""
    protocol = read_protocol(of_dose(tmp_path, dose))
    scale = scale_of(protocol)
    assert scale.name == name and scale.of(Fraction(dose) / 12500) == Fraction(first)


def texts(axes: Axes) -> list[Text]:
    """The labels of steps, tick labels and boxes of a panel that are drawn."""
    low, high = axes.get_ylim()
    ticks = [tick.label1 for tick in axes.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [text for text in [*axes.texts, *ticks] if text.get_text()]


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("template", ["bwh-12", "bwh-20"])
@pytest.mark.parametrize("dose", ["0.0001", "0.0123457", "0.75", "500", "123457"])
def test_no_label_hides_another_and_none_is_a_power_of_ten(tmp_path: Path, template: str, dose: str) -> None:
    """Else the numbers that a second person compares cannot be read."""
    protocol = read_protocol(of_dose(tmp_path, dose, template))
    with rc_context(frame.STYLE):
        drawn = figure(protocol, "SPF5YJZZ")
        canvas = FigureCanvasAgg(drawn)
        canvas.draw()
        labels = [(text, text.get_window_extent(canvas.get_renderer())) for axes in drawn.axes for text in texts(axes)]
    for (one, place), (other, elsewhere) in combinations(labels, 2):
        if one.axes is other.axes:
            across = min(place.x1, elsewhere.x1) - max(place.x0, elsewhere.x0)
            along = min(place.y1, elsewhere.y1) - max(place.y0, elsewhere.y0)
            assert across < 1 or along < 1, (one.get_text(), other.get_text())
    for text, place in labels:
        assert "e-" not in text.get_text() and "e+" not in text.get_text()
        if text in drawn.axes[1].texts:
            assert place.y1 <= drawn.axes[1].bbox.y1  # below the panel above


def test_the_axis_names_the_smaller_unit_s_factor(tmp_path: Path) -> None:
    assert plot(of_dose(tmp_path, "0.0001"), tmp_path / "p.svg") == 0
    text = (tmp_path / "p.svg").read_text("utf-8")
    for words in ("Dose rate (pg/h), log scale", "1 pg = 0.000000001 mg", "Bag A: 4 pg/mL", "Full dose 0.0001 mg"):
        assert words in text


@pytest.mark.parametrize("name", ["p.gif", "p", "none/p.png"])
def test_a_picture_that_cannot_be_written_is_one_line_and_2(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plot(SAMPLE, tmp_path / name) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("error: ")
