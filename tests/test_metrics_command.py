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


def test_run_and_archive_say_the_same(fixture_run: Path, cli: Cli, tmp_path: Path) -> None:
    """Of each fixture run, whichever trainer wrote it, and in a form that the schema knows."""
    assert cli("collect", fixture_run, "-o", tmp_path).code == 0
    archives = [path.parent for path in tmp_path.glob("*/*/record.json")]
    told = json.loads(said(cli, fixture_run, "json"))
    kept = [json.loads(said(cli, archive, "json")) for archive in archives]
    series = [run["series"] for run in told["runs"]]
    assert len(series) == len(archives)
    for document in kept:
        (run,) = document["runs"]
        series.remove(run["series"])
    for document in (told, *kept):
        assert list(Draft202012Validator(SCHEMA).iter_errors(document)) == []


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


def test_wide_names_keep_the_columns(cli: Cli, tmp_path: Path) -> None:
    """Names of other scripts take the columns that are seen, and are cut by them."""
    whole = "検証データの平均損失と分散の比率"
    rows = [
        {"$schema": "x/run_metrics.schema.json", "metric": name, "value": 1.5, "step": step}
        for name in ("損失", "e\u0301cart", whole, whole + "と")
        for step in (1, 2)
    ]
    (tmp_path / "metrics.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lines = said(cli, tmp_path, "text").splitlines()
    table = [line.partition("  1-2")[0] for line in lines if "  1-2" in line]
    assert table == [
        "  e\u0301cart" + 33 * " " + "2",
        "  損失" + 34 * " " + "2",
        "  検証データの平均損失と分散の比率" + 6 * " " + "2",
        "  検証データの平均損失と分散の比…" + 7 * " " + "2",
    ]


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


def _refused(cli: Cli, archive: Path, name: str) -> str:
    ran = cli("metrics", archive)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert str(archive / name) in ran.err
    assert "collect the run again" in ran.err
    return str(ran.err)


@pytest.mark.parametrize("damage", ["gone", "cut", "fewer", "more", "columns", "times"])
def test_a_damaged_table(damage: str, cli: Cli, collected: Callable[..., Path]) -> None:
    """One line that names the file and says what to do, and exit code 2."""
    archive = collected(CASES / "clean" / "input")
    table = archive / "metrics.parquet"
    whole = pq.read_table(table)
    if damage == "gone":
        table.unlink()
    elif damage == "cut":
        table.write_bytes(table.read_bytes()[:1000])
    elif damage == "times":
        odd = pa.array(["yesterday"] * len(whole))
        pq.write_table(whole.set_column(whole.schema.get_field_index("time"), "time", odd), table)
    else:
        parts = {
            "fewer": [whole.slice(1)],
            "more": [whole, whole.slice(0, 1)],
            "columns": [whole.select(["value"])],
        }
        pq.write_table(pa.concat_tables(parts[damage]), table)
    _refused(cli, archive, "metrics.parquet")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"run": ', "[" * 100_000, "\udcff"])
def test_a_record_that_is_none(text: str, cli: Cli, collected: Callable[..., Path]) -> None:
    """One line that names the file and says what to do, and exit code 2."""
    archive = collected(CASES / "clean" / "input")
    (archive / "record.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    _refused(cli, archive, "record.json")


def test_a_record_that_is_missing(cli: Cli, collected: Callable[..., Path]) -> None:
    """What is left is a damaged archive, and no run."""
    archive = collected(CASES / "clean" / "input")
    (archive / "record.json").unlink()
    assert "No such file" in _refused(cli, archive, "record.json")


def test_a_record_of_another_version(cli: Cli, collected: Callable[..., Path]) -> None:
    """Its meanings may be others, so nothing is read from it."""
    archive = collected(CASES / "clean" / "input")
    place = archive / "record.json"
    place.write_text(json.dumps({**json.loads(place.read_text("utf-8")), "schema_version": 2}))
    assert "is of version 2, this program reads 1" in _refused(cli, archive, "record.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("points", "x"), ("points", None), ("points", 1.5), ("points", True), ("key", 7),
        ("labels", ["a"]), ("first_time", 7), ("min", "low"), ("segments", {}),
    ],
)  # fmt: skip
def test_wrong_types_in_a_record(
    key: str, value: object, cli: Cli, collected: Callable[..., Path]
) -> None:
    """They are the archive's damage, and no fault of the program."""
    archive = collected(CASES / "clean" / "input")
    place = archive / "record.json"
    record = json.loads(place.read_text("utf-8"))
    record["series"][0][key] = value
    place.write_text(json.dumps(record))
    _refused(cli, archive, "record.json")


def test_a_count_below_zero(cli: Cli, collected: Callable[..., Path]) -> None:
    """A record that contradicts its table."""
    archive = collected(CASES / "clean" / "input")
    place = archive / "record.json"
    record = json.loads(place.read_text("utf-8"))
    record["series"][0]["points"] = -1
    place.write_text(json.dumps(record))
    _refused(cli, archive, "metrics.parquet")


def test_hostile_names(cli: Cli, tmp_path: Path) -> None:
    """Line ends, quotes, commas and long keys break no table; formulas are none for a spreadsheet.

    A long key is cut before what tells it from others of its name.
    """
    names = ["a\nb", 'c"d', "e,f", "=1+1", "@x", "-y", "k\u2028l", "h" * 500]
    rows = [
        {
            "$schema": "x/run_metrics.schema.json", "metric": name, "value": step / 2,
            "step": step, "split": "tr\nain", "run_id": "r,\n\x1b[1m", "tags": {"gpu": 3},
        }
        for name in names
        for step in (1, 2)
    ]  # fmt: skip
    (tmp_path / "metrics.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = {run["metric"] for run in json.loads(said(cli, tmp_path, "json"))["runs"][0]["series"]}
    assert told == set(names)
    text = said(cli, tmp_path, "csv")
    assert text.count("\n") == len(names) + 1
    found = [row["metric"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert sorted(found) == sorted(
        ["a\\nb", 'c"d', "e,f", "'=1+1", "'@x", "'-y", "k\\u2028l", "h" * 500]
    )
    table = said(cli, tmp_path, "text").splitlines()
    assert len(table) == len(names) + 4
    assert any("hhhh… [gpu=3]" in line for line in table)
