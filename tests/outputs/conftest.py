"""One report that every output renders, and the goldens that they are compared with.

`UPDATE_GOLDENS=1` writes the goldens anew; read what changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.extension import Help, Report, Severity
from archiver.model.claims import Location
from archiver.model.findings import (
    Finding,
    Place,
    Position,
    Reproducibility,
    RunFindings,
    Suppressed,
)

GOLDENS = Path(__file__).parent / "golden"

HOSTILE = (
    "a\n::error::b\r\x1b[31mc\x1b[0m \u202ed\u2066 100% e,f:g ##[error]h ##vso[task]i <j>&\"k'</j>"
    " ]]> \x00\x9b\u2028 \ud800 \uffff é日本🙂 [l](http://m)"
)
"""A message that tries whatever terminals, CI systems, XML, JSON and Markdown obey."""
HOSTILE_PATH = "-rf ::warning::\n\x1b]0;x\x07\u202e#?%41<&>\"',\ud800é.json"
RUN = "runs/a run #1?%41"


@pytest.fixture
def book() -> dict[str, Help]:
    """Pages of the rules of the sample."""
    return {item.id: item for item in _pages()}


@pytest.fixture
def report() -> Report:
    """Three runs: one with every kind of finding, a clean one, and a single artifact."""
    return Report(runs=(bad_run(), _clean_run(), _artifact()), rules=60, tool_version="1.2.3")


@pytest.fixture
def single() -> Report:
    """The bad run by itself."""
    return Report(runs=(bad_run(),), rules=58, tool_version="1.2.3")


@pytest.fixture
def empty() -> Report:
    """Nothing was looked at."""
    return Report(runs=(), rules=0, tool_version="1.2.3")


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare an output with a golden, byte for byte."""

    def compare(name: str, text: str) -> None:
        path = GOLDENS / name
        data = text.encode("utf-8")
        if os.environ.get("UPDATE_GOLDENS"):
            path.write_bytes(data)
        assert data.decode("utf-8") == path.read_bytes().decode("utf-8")

    return compare


def finding(rule: str, severity: Severity, message: str, at: Location, **more: object) -> Finding:
    """One finding, with a fingerprint made from its rule."""
    name = {item.id: item.name for item in _pages()}[rule]
    digits = f"{rule[2:]}{more.pop('nth', 0)}".ljust(32, "0")
    return Finding(
        rule=rule,
        name=name,
        severity=severity,
        message=message,
        at=at,
        fingerprint=digits,
        **more,  # type: ignore[arg-type]
    )


def bad_run() -> RunFindings:
    """Errors, warnings and notes in every kind of place, one of them hostile."""
    shared = Location("shared/setup.yaml", "/lr", "experiment")
    nodes = tuple(Place(Location(f"rank{n}.log", f"L{n}"), f"rank {n}") for n in range(1, 8))
    return RunFindings(
        path=RUN,
        run_id="run-1",
        producers=("coordexp", "hf_trainer"),
        status="interrupted",
        findings=(
            finding(
                "RA003",
                Severity.ERROR,
                "the stream ends inside this line",
                Location("logging.jsonl", "L8"),
            ),
            finding(
                "RA003",
                Severity.ERROR,
                "the stream ends inside a record (40 bytes of it are there)",
                Location("runs/events.0", "byte 8562"),
                nth=1,
            ),
            finding(
                "RA201",
                Severity.WARNING,
                HOSTILE,
                Location(HOSTILE_PATH, "/a~1b/\x1b[2J"),
                position=Position(3),
                related=(Place(Location("x.bin", "data.pkl!/k\n"), HOSTILE),),
                hint="see [this](http://evil) ##[add-mask]x\n::stop-commands::y",
            ),
            finding(
                "RA201",
                Severity.WARNING,
                "learning rate 0.1 against 0.2",
                shared,
                position=Position(21, 3),
                related=nodes,
                nth=1,
            ),
            finding(
                "RA204",
                Severity.WARNING,
                "learning_rate: YAML 1.1, as the producer read it, says a text",
                Location("config.yaml", "/training/learning rate"),
                position=Position(4, 18),
                related=(
                    Place(Location("resolved.json", "/lr"), "the text got here", Position(12, 7)),
                ),
                hint="write 5.0e-3",
            ),
            finding(
                "RA204",
                Severity.WARNING,
                "loss is a text in 3 rows",
                Location("metrics.ndjson", "L12!/loss"),
                nth=1,
            ),
            finding("RA105", Severity.NOTE, "no list of packages is there", Location("")),
        ),
        suppressed=(
            Suppressed(
                finding(
                    "RA204",
                    Severity.WARNING,
                    "dropout is a text",
                    Location("old.yaml", "L2"),
                    nth=2,
                ),
                "written before 2025, ##[group]kept\nas it is",
            ),
        ),
        known=(
            finding("RA003", Severity.ERROR, "the document is empty", Location("a.json"), nth=2),
        ),
        rules_not_run={
            "RA603": "needs digests of checkpoints and other large files",
            "RA402": "needs the present time",
        },
        artifacts=7,
        roots={"run": RUN, "experiment": "runs"},
        reproducibility=Reproducibility(
            "partly", ("the configuration", "the seed"), ("the versions of the packages",)
        ),
    )


def _clean_run() -> RunFindings:
    return RunFindings(
        path="/data/clean",
        run_id="clean",
        producers=("coordexp",),
        status="success",
        rules_not_run={"RA402": "needs the present time"},
        artifacts=5,
        roots={"run": "/data/clean"},
        reproducibility=Reproducibility("yes", ("the configuration", "the seed"), ()),
    )


def _artifact() -> RunFindings:
    at = Location("state.json")
    return RunFindings(
        path="a:b/state.json",
        run_id="state.json",
        findings=(finding("RA003", Severity.ERROR, "the document breaks off", at, nth=3),),
        artifacts=1,
        roots={"run": "a:b"},
    )


def _pages() -> tuple[Help, ...]:
    named = (
        ("RA003", "truncated-artifact", Severity.ERROR),
        ("RA105", "no-package-list", Severity.NOTE),
        ("RA201", "conflicting-claims", Severity.WARNING),
        ("RA204", "ambiguous-yaml-value", Severity.WARNING),
        ("RA402", "stale-running", Severity.WARNING),
        ("RA603", "checkpoint-digest-mismatch", Severity.ERROR),
    )
    return tuple(
        Help(
            id=rule,
            name=name,
            summary=f"Summary of {name}",
            severity=severity,
            finds=f"What {rule} finds,\nin two lines.",
            matters="Why it matters.",
            example=f"error a.json [{rule} {name}]\n        what was found",
            remedy="What to do.",
        )
        for rule, name, severity in named
    )
