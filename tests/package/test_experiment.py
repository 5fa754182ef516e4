"""The page of an experiment: made from the archives beside it, in whatever order they came."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.model import codec
from archiver.model.claims import Location, Origin
from archiver.model.record import (
    Attempt,
    Coverage,
    Evaluation,
    Resolved,
    RunIdentity,
    RunRecord,
    Step,
    Training,
)
from archiver.package import experiment, timelines
from archiver.render import markdown

AT = Location("summary.yaml")


def record(name: str, lr: float, status: str = "success", day: int = 1) -> RunRecord:
    """A run of two attempts and an evaluation."""

    def field(value: object) -> Resolved:
        return Resolved(value, Origin.RECORDED, AT, "r")  # type: ignore[arg-type]

    day_ = f"2026-01-{day:02}"
    attempts = (
        Attempt(1, "101", "failed", "OUT_OF_MEMORY", f"{day_}T10:00:00", f"{day_}T10:10:00"),
        Attempt(
            2, "102", status, None, f"{day_}T10:20:00", f"{day_}T11:20:00",
            params_changed={"batch_size": 2},
        ),
    )  # fmt: skip
    train = Step(
        at=AT, step_id="1", name="train", status=status, attempts=attempts,
        params={"lr": lr, "output_dir": f"/x/{name}", "epochs": 2, "lora": {"rank": day}},
        training=Training(final_loss=0.5, best_loss=0.25),
    )  # fmt: skip
    evaluated = Step(
        at=AT, step_id="eval:cap_epoch0", name="eval", status="success",
        eval=Evaluation(("cap",), {"match/accuracy": 0.75}, samples={"done": 4, "total": 5}),
    )  # fmt: skip
    return RunRecord(
        run=RunIdentity(name, "exp", ("torchtune",), {}, name, "0" * 64),
        coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
        fields={
            "summary.status": field(status),
            "summary.started_at": field(f"{day_}T10:00:00"),
            "summary.duration_sec": field(4800.0),
        },
        steps=(train, evaluated),
    )


def put(home: Path, item: RunRecord) -> None:
    """An archive as far as the page looks at it."""
    directory = home / item.run.run_id
    directory.mkdir(parents=True)
    (directory / "record.json").write_text(json.dumps(codec.encode(item)))


def rows(page: str, heading: str) -> list[list[str]]:
    """Cells of the table below a heading."""
    table = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if "--" not in line
    ]


def test_runs_stand_side_by_side(tmp_path):
    """How each ended, what differs, what came out; names and paths of its own are no difference."""
    put(tmp_path, record("b", 1e-3, "failed", 2))
    put(tmp_path, record("a", 1e-4))
    page = experiment.write(tmp_path, markdown.experiment)
    assert page == tmp_path / "EXPERIMENT.md"
    text = page.read_text()
    heads, first, second = rows(text, "Runs")
    assert heads[:6] == ["run", "status", "started", "duration (s)", "lr", "lora.rank"]
    assert heads[6:] == ["final loss", "best loss", "results"]
    assert first[:6] == [
        "[a](a/ARCHIVE.md)",
        "success",
        "2026-01-01T10:00:00",
        "4800",
        "0.0001",
        "1",
    ]
    assert first[6:] == ["0.5", "0.25", "`cap_epoch0 match/accuracy 0.75`"]
    assert second[:2] == ["[b](b/ARCHIVE.md)", "failed"]
    assert rows(text, "Parameters That Differ") == [
        ["parameter", "a", "b"],
        ["lr", "0.0001", "0.001"],
        ["lora.rank", "1", "2"],
    ]
    assert rows(text, "Evaluations")[1][:5] == [
        "a",
        "`eval:cap_epoch0`",
        "success",
        "cap",
        "4 of 5",
    ]
    jobs = rows(text, "Jobs")
    assert [(row[2], row[4], row[5]) for row in jobs[1:]] == [
        ("a", "101", "failed"), ("a", "102", "success"),
        ("b", "101", "failed"), ("b", "102", "failed"),
    ]  # fmt: skip
    assert (tmp_path / "EXPERIMENT-timeline.png").read_bytes().startswith(b"\x89PNG")


def test_the_order_of_archiving_does_not_matter(tmp_path):
    """The page is a function of what stands there."""
    one, other = tmp_path / "one", tmp_path / "other"
    put(one, record("a", 1e-4))
    experiment.write(one, markdown.experiment)
    put(one, record("b", 1e-3, day=2))
    put(other, record("b", 1e-3, day=2))
    put(other, record("a", 1e-4))
    pages = [experiment.write(home, markdown.experiment) for home in (one, other)]
    first, second = (page.read_bytes() for page in pages if page)
    assert first == second


def test_one_run_is_no_comparison(tmp_path):
    """No page, and one that stood there goes with the second archive."""
    put(tmp_path, record("a", 1e-4))
    assert experiment.write(tmp_path, markdown.experiment) is None
    (tmp_path / "EXPERIMENT.md").write_text("old")
    assert experiment.write(tmp_path, markdown.experiment) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b'{"run": 3}', b"\xff"])
def test_what_is_no_record_is_left_out(tmp_path, junk):
    """A stranger's directory does not spoil the page."""
    put(tmp_path, record("a", 1e-4))
    put(tmp_path, record("b", 1e-3, day=2))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "record.json").write_bytes(junk)
    page = experiment.write(tmp_path, markdown.experiment)
    assert page is not None
    assert [row[0] for row in rows(page.read_text(), "Parameters That Differ")[:1]] == ["parameter"]
    assert "c/ARCHIVE.md" not in page.read_text()


def test_a_time_line_needs_one_clock():
    """Local stamps and absolute ones are never laid on one axis."""
    zoned = Attempt(
        1, "1", "success", None, "2026-01-01T10:00:00+00:00", "2026-01-01T11:00:00+00:00"
    )
    item = record("a", 1e-4)
    train = item.steps[0]
    mixed = RunRecord(
        run=item.run, coverage=item.coverage,
        steps=(train, Step(at=AT, step_id="e", name="eval", attempts=(zoned,))),
    )  # fmt: skip
    spec = timelines.of_run(mixed)
    assert spec is not None
    assert [bar.label for bar in spec.bars] == ["1 train #1", "1 train #2"]
    assert [(bar.start, bar.end) for bar in spec.bars] == [(0.0, 600.0), (1200.0, 4800.0)]
    assert spec.since == "2026-01-01 10:00:00 local time"


def test_an_attempt_without_a_job_has_no_job(tmp_path):
    """A rejected submission was given no id; its number is none."""
    first = record("a", 1e-4)
    refused = Attempt(1, "1", "failed", "SUBMIT_FAILED")
    steps = (replace(first.steps[0], attempts=(refused,)), *first.steps[1:])
    put(tmp_path, replace(first, steps=steps))
    put(tmp_path, record("b", 1e-3))
    text = experiment.write(tmp_path, markdown.experiment).read_text()
    assert [row[4] for row in rows(text, "Jobs")[1:]] == ["101", "102", ""]


def test_errors_of_results_stand_with_the_evaluations(tmp_path):
    """Beside the runs only what was measured."""
    first = record("a", 1e-4)
    results = {"match/accuracy": 0.75, "match/stderr": 0.1}
    tested = replace(first.steps[1], eval=Evaluation(("cap",), results))
    put(tmp_path, replace(first, steps=(first.steps[0], tested)))
    put(tmp_path, record("b", 1e-3))
    text = experiment.write(tmp_path, markdown.experiment).read_text()
    assert rows(text, "Runs")[1][-1] == "`cap_epoch0 match/accuracy 0.75`"
    assert rows(text, "Evaluations")[1][-1] == "`match/accuracy 0.75`, `match/stderr 0.1`"
