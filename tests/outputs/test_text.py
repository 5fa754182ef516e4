"""The text for people: complete, quiet where nothing is to be told, obeyed by no terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from archiver.extension import Help, Report, Severity
from archiver.model.claims import Location
from archiver.model.findings import Reproducibility, RunFindings
from archiver.outputs.text import ENCODER
from tests.outputs.conftest import bad_run, finding

Golden = Callable[[str, str], None]
Book = dict[str, Help]

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def test_several_runs(report: Report, book: Book, golden: Golden) -> None:
    """Errors and warnings run by run, notes by rule, what was not judged, a last line."""
    golden("text.txt", ENCODER.encode(report, book, False))


def test_one_run(single: Report, book: Book, golden: Golden) -> None:
    """Everything of it, notes too, and whether it can be reproduced."""
    golden("text-single.txt", ENCODER.encode(single, book, False))


def test_coloured(single: Report, book: Book, golden: Golden) -> None:
    """The same with colours."""
    golden("text-coloured.txt", ENCODER.encode(single, book, True))


def test_colours_change_nothing_else(report: Report, single: Report, book: Book) -> None:
    """Without its colour codes the coloured text is the plain one."""
    for sample in (report, single):
        coloured = ENCODER.encode(sample, book, True)
        assert coloured != ENCODER.encode(sample, book, False)
        assert COLOUR.sub("", coloured) == ENCODER.encode(sample, book, False)


def test_nothing(empty: Report, book: Book) -> None:
    """The last line alone, which says that nothing was looked at."""
    told = ENCODER.encode(empty, book, False)
    assert told == "0 errors, 0 warnings, 0 notes in 0 runs, 0 artifacts, 0 rules\n"


def test_last_line_sums_up(report: Report, book: Book) -> None:
    """Whatever is told before it, the last line counts."""
    assert ENCODER.encode(report, book, False).splitlines()[-1] == (
        "3 errors, 4 warnings, 1 note in 3 runs, 13 artifacts, 60 rules;"
        " 1 suppressed; 1 in the baseline; 2 rules could not run everywhere"
    )


def test_clean_run(book: Book) -> None:
    """A single clean run is named, with its answer; it says on what the silence stands."""
    run = RunFindings(
        path="runs/a",
        run_id="a",
        producers=("hf_trainer",),
        status="success",
        artifacts=2,
        reproducibility=Reproducibility("yes", ("the seed",), ()),
    )
    assert ENCODER.encode(Report(runs=(run,), rules=9), book, False) == (
        "runs/a (hf_trainer, success)\n"
        "  can this run be reproduced: yes\n"
        "    recorded  the seed\n"
        "\n"
        "0 errors, 0 warnings, 0 notes in 1 run, 2 artifacts, 9 rules\n"
    )


def test_many_alike_are_folded(book: Book) -> None:
    """Of many findings of one rule the first are told, and how many more there are."""
    rows = tuple(
        finding("RA204", Severity.WARNING, f"row {n}", Location("m.ndjson", f"L{n}"))
        for n in range(1, 26)
    )
    other = finding("RA003", Severity.WARNING, "torn", Location("z.json"))
    run = replace(bad_run(), findings=(*rows, other), suppressed=(), known=(), rules_not_run={})
    lines = ENCODER.encode(Report(runs=(run,), rules=9), book, False).splitlines()
    assert sum("row " in line for line in lines) == 10
    assert "  warning 15 more; --format json lists them [RA204 ambiguous-yaml-value]" in lines
    assert "  warning z.json [RA003 truncated-artifact]" in lines
    assert lines[-1].startswith("0 errors, 26 warnings")


def test_notes_of_all_runs(book: Book) -> None:
    """What every run has is told once, without a list of them; two notes of a run count once."""
    note = finding("RA105", Severity.NOTE, "none", Location(""))
    runs = [
        RunFindings(path=f"r/{n}", run_id=f"{n}", findings=(note, note)[: 1 + n % 2])
        for n in range(5)
    ]
    told = ENCODER.encode(Report(runs=tuple(runs), rules=1), book, False)
    assert "  RA105 no-package-list in all 5 runs\n" in told
    runs.append(RunFindings(path="r/5", run_id="5"))
    told = ENCODER.encode(Report(runs=tuple(runs), rules=1), book, False)
    assert "  RA105 no-package-list in 5 of 6 runs: 0, 1, 2 and 2 more\n" in told
    assert "6 of 6 runs have neither errors nor warnings\n" in told


def test_many_rules_that_could_not_judge(book: Book) -> None:
    """They are counted, and reasons without end are cut."""
    reasons = {f"RA{n}": "needs a whole run" for n in range(100, 140)}
    reasons |= {f"RA{n}": f"stopped on this run ({n})" for n in range(200, 230)}
    run = RunFindings(path="a.json", run_id="a.json", rules_not_run=reasons)
    told = ENCODER.encode(Report(runs=(run,), rules=3), book, False)
    assert "not judged by 40 rules: needs a whole run\n" in told
    assert "not judged by RA200: stopped on this run (200)\n" in told
    assert "not judged: 21 more reasons; --format json lists them\n" in told
    assert told.endswith("; 70 rules could not run everywhere\n")


@pytest.mark.parametrize("text", ["::error::x", "  ::error::x", "\u00a0::error::x", "##[error]x"])
def test_ci_systems_obey_no_line(book: Book, text: str) -> None:
    """Wherever a line begins with text of a run, it is no command of a workflow."""
    item = finding("RA003", Severity.ERROR, text, Location(text), hint=text)
    run = RunFindings(path=text, run_id=text, status=text, findings=(item,))
    for colour in (False, True):
        for line in ENCODER.encode(Report(runs=(run,), rules=1), book, colour).splitlines():
            assert not line.lstrip().startswith("::")
            assert "##[" not in line
