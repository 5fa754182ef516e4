"""Plots: same points, same bytes; nothing hidden, nothing interpreted."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model.points import PointStatus
from archiver.package.plots import Bar, Curve, Panel, PlotSpec, TimelineSpec, draw
from archiver.package.plots.labels import literal, tick_labels

HOSTILE = "$\\frac{}{}$ \x1b[31m <script> \u202e"
REPOSITORY = Path(__file__).parents[2]


def curve(label: str, x: Any, y: Any, **more: Any) -> Curve:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    status = np.asarray(more.pop("status", np.zeros(len(x))), np.int8)
    segment = np.asarray(more.pop("segment", np.zeros(len(x))), np.int16)
    return Curve(label, x, y, status, segment, **more)


def spec(*curves: Curve, **more: Any) -> PlotSpec:
    return PlotSpec("loss", "a run", "step", (Panel("", "loss", curves),), **more)


def resumed() -> PlotSpec:
    """A run that was resumed at step 60 after it had reached step 80, with NaN and eval."""
    x = np.concatenate([np.arange(0, 80), np.arange(60, 100)])
    y = 3 * np.exp(-x / 40) + 1
    y[[10, 11, 119]] = [np.nan, np.inf, -np.inf]
    status = np.zeros(120)
    status[60:80] = PointStatus.SUPERSEDED
    train = curve("train", x, y, status=status, segment=np.repeat([0, 1], [80, 40]))
    loss = Panel("", "loss", (train, curve("eval", [20, 50, 90], [3, 2, 1.5], role="markers")))
    rate = Panel("", "learning rate", (curve("train", np.arange(100), np.linspace(3e-4, 0, 100)),))
    return PlotSpec("loss", "exp/run 1", "step", (loss, rate), ((60.0, "resume 2"),))


def texts(svg: bytes) -> list[str]:
    """Texts of a figure: as glyphs have no text, matplotlib notes it in a comment beside them."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))  # noqa: S314
    root = ET.fromstring(svg, parser=parser)  # noqa: S314 - our own output
    return [unescape(node.text or "").strip() for node in root.iter(ET.Comment)]  # type: ignore[arg-type]


def digest(spec: PlotSpec) -> str:
    files = draw(spec)
    return hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()


def test_both_files_are_whole() -> None:
    """The SVG is XML with a title and no text elements, the PNG as large as promised."""
    files = draw(resumed())
    assert sorted(files) == ["loss.png", "loss.svg"]
    root = ET.fromstring(files["loss.svg"])  # noqa: S314 - our own output
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "exp/run 1"
    assert b"<text" not in files["loss.svg"]
    assert b"<image" not in files["loss.svg"]
    assert files["loss.png"].startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", files["loss.png"][16:24])
    assert width == round(6.4 * 180)
    assert 0.5 * width < height < width


def test_labels_are_drawn() -> None:
    """Title, axes, curves, boundary, superseded points and non-finite points are all named."""
    shown = texts(draw(resumed())["loss.svg"])
    for text in ("exp/run 1", "step", "loss", "learning rate", "train", "eval", "resume 2"):
        assert text in shown
    assert shown.count("superseded by resume") == 1
    assert "non-finite (3)" in shown


def test_metadata_tells_what_is_shown_and_nothing_of_the_machine() -> None:
    """The description counts points; no date, no software version."""
    files = draw(resumed())
    assert b"train (100 points, 20 superseded by resume, 3 non-finite)" in files["loss.svg"]
    assert b"train (100 points, 20 superseded by resume, 3 non-finite)" in files["loss.png"]
    assert b"dc:date" not in files["loss.svg"]
    assert b"Software" not in files["loss.png"]


def test_same_points_same_bytes() -> None:
    """Two draws in one process do not differ."""
    assert digest(resumed()) == digest(resumed())


@pytest.mark.parametrize("trap", ["nothing", "rc file", "fifo"])
def test_no_environment_gets_in(tmp_path: Path, trap: str) -> None:
    """Another zone, language, hash seed, matplotlibrc or fifo of that name changes no byte."""
    here, home = tmp_path / "run", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    (home / "matplotlibrc").write_text("font.size: 30\nlines.linewidth: 9\n")
    if trap == "rc file":
        (here / "matplotlibrc").write_text("text.usetex: True\nsvg.fonttype: none\n")
    if trap == "fifo":
        os.mkfifo(here / "matplotlibrc")
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; import os;"
        "from test_plots import digest, resumed; print(digest(resumed()), os.getcwd())"
    )
    environment = {
        **os.environ,
        "TZ": "Pacific/Chatham",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "17",
        "MATPLOTLIBRC": str(home / "matplotlibrc"),
        "SOURCE_DATE_EPOCH": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", program, str(REPOSITORY), str(Path(__file__).parent)],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.split() == [digest(resumed()), str(here)]


def test_import_is_cheap() -> None:
    """Commands that do not plot load neither numpy nor matplotlib."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import archiver.package.plots;"
        "print({'numpy', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(REPOSITORY)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_callers_rc_is_left_alone() -> None:
    """Drawing neither reads nor changes the settings of the process."""
    import matplotlib as mpl

    expected = digest(resumed())
    with mpl.rc_context({"font.size": 40, "svg.fonttype": "none", "text.parse_math": True}):
        assert digest(resumed()) == expected
        assert mpl.rcParams["font.size"] == 40
    assert "matplotlib.pyplot" not in sys.modules


def hostile() -> PlotSpec:
    """Texts with characters that the font has, lacks and that are none, on a logarithmic axis."""
    words = ("loss 損失", "학습 손실", "\u0627\u0644 Ω ß", "🦀 $x^2$ \u0301")
    curves = [curve(word, [1, 2, 3], [9e5, 2, n + 1]) for n, word in enumerate(words)]
    return PlotSpec(
        "p", "実験 1", "ステップ", (Panel("損失", "값", tuple(curves)),), ((2.0, "再開"),)
    )


def timeline() -> TimelineSpec:
    return TimelineSpec("jobs", "run 1", "start", (Bar("訓練 1", 0, 50, "success"),))


FONT_LIST = """
import sys
sys.path[:0] = sys.argv[1:]
from test_plots import digest, hostile, resumed, timeline
print(*(digest(spec) for spec in (hostile(), resumed(), timeline())))
from matplotlib.font_manager import fontManager
print(*(font.fname for font in fontManager.ttflist))
"""
"""Draws, then tells which fonts matplotlib knew."""


def entry(file: str, name: str) -> dict[str, Any]:
    plain = {"style": "normal", "variant": "normal", "weight": 400, "stretch": "normal"}
    form = {"__class__": "FontEntry", "fname": file, "index": 0, "name": name, "size": "scalable"}
    return form | plain


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("DejaVuSerif-Bold.ttf", "DejaVu Sans"),
        ("STIXGeneral.ttf", "STIX"),
        ("gone.ttf", "DejaVu Sans"),
    ],
    ids=["another font of the name", "no font of the name", "no such file"],
)
def test_the_list_of_fonts_does_not_matter(tmp_path: Path, file: str, name: str) -> None:
    """A wrong or stale list in matplotlib's cache changes no byte, warns of nothing, stays."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontManager

    listed = tmp_path / f"fontlist-v{FontManager.__version__}.json"
    font = str(Path(mpl.get_data_path(), "fonts", "ttf", file))
    form: dict[str, Any] = {"__class__": "FontManager", "_version": FontManager.__version__}
    form |= {"_FontManager__default_weight": "normal", "default_size": None, "afmlist": []}
    form |= {"defaultFamily": {"ttf": name, "afm": "Helvetica"}, "ttflist": [entry(font, name)]}
    listed.write_text(json.dumps(form))
    before = listed.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FONT_LIST, str(REPOSITORY), str(Path(__file__).parent)],
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    drawn, known = done.stdout.splitlines()
    assert known == font
    assert drawn.split() == [digest(spec) for spec in (hostile(), resumed(), timeline())]
    assert done.stderr == ""
    assert listed.read_bytes() == before


def test_no_text_of_a_figure_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is drawn names its font by file; nothing is asked of the list of fonts."""
    import matplotlib as mpl
    from matplotlib import font_manager

    known = font_manager.findfont
    asked = set()

    def watched(font: Any, *rest: Any, **more: Any) -> Any:
        asked.add(font.get_file())
        return known(font, *rest, **more)

    monkeypatch.setattr(font_manager, "findfont", watched)
    monkeypatch.setattr(font_manager.fontManager, "findfont", watched)
    for spec in (hostile(), resumed(), timeline()):
        draw(spec)
    assert asked == {str(Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf"))}


def test_what_the_font_lacks_is_a_box_of_its_own() -> None:
    """Characters of other scripts are drawn as U+FFFD, with no warning and no other font."""
    shown = texts(draw(hostile())["p.svg"])
    assert "loss \ufffd\ufffd" in shown
    assert "Ω ß" in " ".join(shown)
    assert b"LastResort" not in draw(hostile())["p.svg"]


def test_hostile_text_is_drawn_literally() -> None:
    """Mathtext, escapes, markup and bidi controls appear as what they are, everywhere."""
    panels = (
        Panel(HOSTILE, "loss", (curve(HOSTILE, [1, 2], [1, 2]), curve("_x", [1, 2], [2, 1]))),
        Panel("漢字 \ud800\n", HOSTILE, (curve("z" + "\u0301" * 90, [1, 2], [1, 2]),)),
    )
    files = draw(PlotSpec("p", HOSTILE, HOSTILE, panels, ((1.5, "--> ]]> $"),)))
    svg = files["p.svg"]
    shown = texts(svg)
    assert "$\\frac{}{}$ \\x1b[31m <script> \\u202e" in shown
    assert "_x" in shown
    assert "ź" in shown
    assert "\ufffd\ufffd \\ud800\\x0a" in shown
    assert b"\x1b" not in svg
    assert b"<script" not in svg
    assert "\u202e".encode() not in svg


@settings(deadline=None)  # the first text loads the font
@given(st.text(max_size=300), st.integers(min_value=5, max_value=60))
def test_any_text_becomes_drawable(text: str, most: int) -> None:
    """Whatever a key is, what is left is short, visible, of one line and valid Unicode."""
    shown = literal(text, most)
    assert 0 < len(shown) <= most
    assert shown.isprintable()
    shown.encode()


def test_long_labels_lose_their_middle() -> None:
    """Beginning and end of a long key stay readable."""
    shown = literal("eval/" + "x" * 5_000 + "/loss", 20)
    assert shown.startswith("eval/")
    assert shown.endswith("/loss")
    assert "…" in shown


def strokes(svg: bytes, colour: str) -> list[int]:
    """Count the vertices of each stroke of the lines of one colour, the legend's among them."""
    root = ET.fromstring(svg)  # noqa: S314 - our own output
    paths = root.iter("{http://www.w3.org/2000/svg}path")
    lines = [path for path in paths if f"stroke: {colour}" in path.get("style", "")]
    parts = [part for path in lines for part in path.get("d", "").split("M") if part.strip()]
    return [1 + part.count("L") for part in parts]


def test_no_line_crosses_a_hole() -> None:
    """A NaN parts the line; without it there is one stroke (and the legend's)."""
    x, y = np.arange(50), np.linspace(3, 1, 50)
    assert len(strokes(draw(spec(curve("train", x, y)))["loss.svg"], "#0072b2")) == 2
    y[25] = np.nan
    assert len(strokes(draw(spec(curve("train", x, y)))["loss.svg"], "#0072b2")) == 3


def test_lines_do_not_run_through_what_a_resume_superseded() -> None:
    """The line goes on from the resumed attempt; the tail hangs on its own attempt."""
    x = [0, 1, 2, 3, 4, 2, 3, 4, 5]
    status = [0, 0, 3, 3, 3, 0, 0, 0, 0]
    segment = [0] * 5 + [1] * 4
    y = [9, 8, 50, 40, 70, 7, 5, 6, 4]
    svg = draw(spec(curve("train", x, y, status=status, segment=segment)))["loss.svg"]
    # The other stroke is the legend's sample; the tail begins at its attempt's last kept point.
    assert len(strokes(svg, "#0072b2")) == 2
    assert max(strokes(svg, "#0072b2")) == 6
    assert max(strokes(svg, "#8a8a8a")) == 4


def test_duplicate_and_overwritten_points_are_not_drawn() -> None:
    """Only what counts is shown, so a wild duplicate changes nothing."""
    clean = spec(curve("train", [1, 2, 3], [3, 2, 1]))
    status = [0, PointStatus.DUPLICATE, 0, PointStatus.OVERWRITTEN, 0]
    noisy = spec(curve("train", [1, 1, 2, 2, 3], [3, 900, 2, np.nan, 1], status=status))
    assert draw(clean) == draw(noisy)


def test_order_as_read_does_not_matter() -> None:
    """Points that several writers interleaved are put in axis order."""
    x = np.arange(40)
    y = np.cos(x)
    assert draw(spec(curve("train", x, y))) == draw(spec(curve("train", x[::-1], y[::-1])))


def test_large_noisy_curve_keeps_its_spike_and_stays_small() -> None:
    """A million points give a small SVG with an honest label; one spike sets the axis."""
    rng = np.random.default_rng(0)
    y = 2 + rng.normal(0, 0.1, 1_000_000)
    y[123_456] = 38.0
    y[654_321] = -1.0
    x = np.arange(1_000_000)
    flat = Panel("", "rate", (curve("train", x, np.linspace(1, 0, 1_000_000)),))
    panels = (Panel("", "loss", (curve("train", x, y),)), flat, flat)
    svg = draw(PlotSpec("p", "t", "step", panels))["p.svg"]
    assert len(svg) < 400_000
    shown = texts(svg)
    assert "train, median of 1001" in shown
    assert {"30", "40"} <= set(shown)
    assert "1.0M" in shown


def test_giant_first_losses_get_a_logarithmic_axis() -> None:
    """Spikes far beyond the bulk make the axis logarithmic, and the label says so."""
    y = 2 + np.exp(-np.arange(300) / 50)
    y[0] = 9e5
    assert any(
        "log scale" in text for text in texts(draw(spec(curve("t", np.arange(300), y)))["loss.svg"])
    )
    y[:2] = 1e300, 1e-299
    assert "1e261" in texts(draw(spec(curve("t", np.arange(300), y)))["loss.svg"])
    y[5] = -1
    assert not any(
        "log scale" in text for text in texts(draw(spec(curve("t", np.arange(300), y)))["loss.svg"])
    )


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([5], [1.0]),
        ([1, 2, 3], [np.nan] * 3),
        ([1, 2, 3], [2e-5] * 3),
        ([1, 2, 3], [0.0] * 3),
        ([1, 2, 3], [-1e300, 1e300, 1e308]),
        ([1, 2, 3], [1e-299, 1.0, 1e300]),
        ([1, 2, 3], [5e-324, 1e-310, 0.0]),
        ([1, 2, 3], [1e9, 1e9 + 1, 1e9 + 2]),
        ([7, 7, 7], [1, 2, 3]),
        ([1e15, 1e15 + 1, 1e15 + 2], [1, 2, 3]),
        ([-1e300, 0, 1e300], [1, 2, 3]),
        ([np.nan, np.inf, 3], [1, 2, 3]),
        ([3, 1, 2], [-1, -2, -3]),
    ],
)
def test_degenerate_data_is_drawn(x: list[float], y: list[float]) -> None:
    """Constant, huge, tiny, negative, missing and lone values give a whole figure."""
    other = Panel("", "other", (curve("train", x, y, role="markers"),))
    files = draw(PlotSpec("p", "t", "step", (Panel("", "loss", (curve("train", x, y),)), other)))
    assert "train" in texts(files["p.svg"])


def test_lone_point_is_visible() -> None:
    """A single point, or one between two NaN, has a mark."""
    for x, y in (([5], [1.0]), (np.arange(99), [np.nan] * 50 + [1.0] + [np.nan] * 48)):
        svg = draw(spec(curve("train", x, y)))["loss.svg"]
        assert b"fill: #0072b2" in svg


def test_points_without_a_place_are_counted() -> None:
    """A point without step cannot be drawn, and the legend owns up to it."""
    svg = draw(spec(curve("train", [1, np.nan, 3], [1, 2, 3])))["loss.svg"]
    assert "not shown: 1 without a place on the axis" in texts(svg)


def test_empty_panels_are_left_out() -> None:
    """Panels without points take no room; without any panel there is no file."""
    full = Panel("", "loss", (curve("train", [1, 2], [1, 2]),))
    empty = Panel("", "grad norm", (curve("train", [], []),))
    dropped = Panel("", "kl", (curve("train", [1], [1], status=[PointStatus.DUPLICATE]),))
    alone = draw(PlotSpec("p", "t", "step", (full,)))
    assert draw(PlotSpec("p", "t", "step", (empty, full, dropped))) == alone
    assert draw(PlotSpec("p", "t", "step", (empty, dropped))) == {}


def test_many_curves_and_resumes_fit() -> None:
    """Dozens of curves and boundaries neither warn nor grow the legend without end."""
    curves = [curve(f"rank {n}", [1, 2, 3], [n, n + 1, n]) for n in range(60)]
    starts = tuple((1 + n / 40, f"resume {n + 2}") for n in range(80))
    shown = texts(draw(spec(*curves, boundaries=starts))["loss.svg"])
    assert "… and 38 more" in shown
    assert shown.count("rank 3") == 1


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([0, 5_000, 10_000], ["0", "5k", "10k"]),
        ([0, 250_000, 1_000_000], ["0", "0.25M", "1.00M"]),
        ([0, 2e9], ["0", "2B"]),
        ([0, 500, 1_000], ["0", "500", "1000"]),
        ([10_001, 10_002], ["10001", "10002"]),
        ([1e15, 1e15 + 2], ["1000000000000000", "1000000000000002"]),
        ([0, 1e-5, 2e-5], ["0", "1e−5", "2e−5"]),
        ([-0.5, 0, 0.5, 1], ["−0.5", "0", "0.5", "1.0"]),
        ([-1e300, 0, 1e300], ["−1e300", "0", "1e300"]),
        ([], []),
    ],
)
def test_ticks_are_short_and_exact(ticks: list[float], labels: list[str]) -> None:
    """Thousands get a letter, small numbers an exponent, and no two ticks the same text."""
    assert tick_labels(ticks) == labels
