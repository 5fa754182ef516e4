"""`runarchive metrics`: the same table of a run and of its archive, in three forms."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from archiver.summaries import COLUMNS

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "fixtures" / "readers" / "codex_metrics"
SCHEMA = json.loads((ROOT / "schemas" / "metrics.v1.json").read_text("utf-8"))
Cli = Callable[..., Any]


def said(cli: Cli, place: Path, form: str) -> str:
    ran = cli("metrics", place, "--format", form)
    assert (ran.code, ran.err) == (0, "")
    return str(ran.out)


def test_run_and_archive_say_the_same(
    fixture_run: Path, cli: Cli, collected: Callable[..., Path]
) -> None:
    """Of each fixture run, whichever trainer wrote it, and in a form that the schema knows."""
    archive = collected(fixture_run)
    one, other = (json.loads(said(cli, place, "json")) for place in (fixture_run, archive))
    assert [run["series"] for run in one["runs"]] == [run["series"] for run in other["runs"]]
    assert list(Draft202012Validator(SCHEMA).iter_errors(one)) == []


@pytest.mark.parametrize("form", ["text", "csv"])
def test_other_forms_say_the_same(form: str, cli: Cli, collected: Callable[..., Path]) -> None:
    """But for the head line, which names the directory of what was asked for."""
    run = CASES / "clean" / "input"
    of_run, of_archive = said(cli, run, form), said(cli, collected(run), form)
    assert of_run.splitlines()[1:] == of_archive.splitlines()[1:]


def test_csv_is_rfc_4180(cli: Cli) -> None:
    """CR LF ends every line, quotes are doubled, the header names every column."""
    text = said(cli, CASES / "legacy" / "input", "csv")
    assert text.count("\r\n") == text.count("\n") == 5
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(rows[0]) == COLUMNS
    confusion = next(row for row in rows if row["metric"] == "confusion")
    assert json.loads(confusion["first_value"]) == {"path": "cm.npy", "shape": [4, 4]}
    converged = next(row for row in rows if row["metric"] == "converged")
    assert [converged[name] for name in ("first_value", "mean_value")] == ["True", "1.0"]


def test_text_fits_the_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Narrow terminals get fewer columns, never a broken line."""
    for width in ("80", "120", "60"):
        monkeypatch.setenv("COLUMNS", width)
        text = said(cli, CASES / "clean" / "input", "text")
        assert max(map(len, text.splitlines())) <= int(width)
        assert "loss" in text
        assert "0.5 @ 11" in text


def test_text_says_what_became_of_points(cli: Cli) -> None:
    """Rows that a resume did again, and lines that gave nothing."""
    text = said(cli, CASES / "resumed" / "input", "text")
    assert "3 superseded by a resume" in text
    text = said(cli, CASES / "torn" / "input", "text")
    assert "metrics.ndjson  (4 of its rows gave nothing)" in text
    assert "1 no numbers" in text


def test_control_characters_do_not_reach_the_terminal(cli: Cli, tmp_path: Path) -> None:
    """A metric may be called anything."""
    row = {"$schema": "x/run_metrics.schema.json", "metric": "a\u001b[31m\u202e", "value": 1}
    (tmp_path / "metrics.ndjson").write_text(json.dumps({**row, "step": 1}) + "\n")
    for form in ("text", "csv", "json"):
        text = said(cli, tmp_path, form)
        assert not {"\u001b", "\u202e"} & set(text)


def test_nothing_is_written(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither beside the run nor where the command was called."""
    run = tmp_path / "run"
    shutil.copytree(CASES / "clean" / "input", run)
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    said(cli, run, "json")
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_runs_below_a_directory(cli: Cli, tmp_path: Path) -> None:
    """Each run has its table."""
    for name in ("one", "two"):
        shutil.copytree(CASES / "clean" / "input", tmp_path / name)
    runs = json.loads(said(cli, tmp_path, "json"))["runs"]
    assert [run["run_id"] for run in runs] == ["run-1", "run-1"]
    assert [len(run["series"]) for run in runs] == [4, 4]


def test_a_run_without_metrics(cli: Cli, tmp_path: Path) -> None:
    """Says so."""
    (tmp_path / "notes.txt").write_text("nothing\n")
    assert "no metric was recorded" in said(cli, tmp_path, "text")
    assert json.loads(said(cli, tmp_path, "json"))["runs"][0]["series"] == []


def test_what_is_not_there(cli: Cli, tmp_path: Path) -> None:
    """One line and exit code 2."""
    ran = cli("metrics", tmp_path / "nowhere")
    assert (ran.code, ran.out) == (2, "")
    assert "nowhere" in ran.err


@pytest.mark.parametrize("damage", ["record", "table", "fewer", "more"])
def test_a_damaged_archive(damage: str, cli: Cli, collected: Callable[..., Path]) -> None:
    """One line that names the file and says what to do, and exit code 2."""
    archive = collected(CASES / "clean" / "input")
    table = archive / "metrics.parquet"
    if damage == "record":
        (archive / "record.json").write_text("{}")
    elif damage == "table":
        table.write_bytes(b"PAR1 no table")
    else:
        whole = pq.read_table(table)
        parts = [whole.slice(1)] if damage == "fewer" else [whole, whole.slice(0, 1)]
        pq.write_table(pa.concat_tables(parts), table)
    ran = cli("metrics", archive)
    assert (ran.code, ran.out) == (2, "")
    assert ("record.json" if damage == "record" else "metrics.parquet") in ran.err
    assert "collect the run again" in ran.err
