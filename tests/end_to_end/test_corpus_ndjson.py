"""Real codex_ml runs: every line accounted for, and the producer's own summary column by column."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

RUNS = (
    "eval-run", "ext-rotated-3shards", "legacy-ndjson", "lock-match", "lock-mismatch-edited",
    "lock-null-git-null", "malformed-truncated-nan",
)  # fmt: skip
WHOLE = RUNS[:-1]
"""Runs without damage, whose summaries agree."""
EVAL_ID = "95cd0eadc7445e1c812a649692a27265"


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest) -> str:
    """A run that the producer's tools were tried on."""
    return str(request.param)


@pytest.fixture(params=WHOLE)
def whole(request: pytest.FixtureRequest) -> str:
    """A run without damage."""
    return str(request.param)


def scan(corpus: Path, run: str) -> dict[str, Any]:
    """What a line-by-line reader counted."""
    found = json.loads((corpus / "expected" / f"codex_ml.{run}.scan.json").read_bytes())
    assert isinstance(found, dict)
    return found


def summary(corpus: Path, run: str) -> list[dict[str, str]]:
    """The producer's own summary."""
    text = (corpus / "expected" / f"codex_ml.{run}.summary.csv").read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def rows(cli: Callable[..., Any], place: Path, source: str = "metrics.ndjson") -> list[Any]:
    """Rows of `runarchive metrics --format csv` of one source."""
    ran = cli("metrics", place, "--format", "csv")
    assert (ran.code, ran.err) == (0, "")
    found = csv.DictReader(io.StringIO(ran.out, newline=""))
    return [row for row in found if row["source"] == source]


@pytest.fixture
def archived(cli: Callable[..., Any], tmp_path: Path) -> Callable[[Path], Path]:
    """Collect a run directory and give its own archive, whatever stores lie inside of it."""

    def collect(run_dir: Path) -> Path:
        ran = cli("collect", run_dir, "-o", tmp_path / "archives", "--format", "json")
        assert ran.code == 0, ran.err
        found = [
            item for item in json.loads(ran.out)["archives"] if "codex_ml" in item["producers"]
        ]
        (own,) = found
        return Path(own["archive"])

    return collect


def test_every_line_is_accounted_for(
    run: str, corpus: Path, archived: Callable[[Path], Path]
) -> None:
    """Files in order, bytes, lines, blanks, bad lines and rows are what the scan counted.

    Rows that the scan's strict reader loses are kept here: after a byte order mark, beside another
    object on the line, behind NUL bytes. They explain the difference to the last one.
    """
    record = json.loads((archived(corpus / "codex_ml" / run) / "record.json").read_bytes())
    told = record["extras"]["codex_ml.metrics"]["metrics.ndjson"]["files"]
    shards = scan(corpus, run)["shards_oldest_first"]
    assert [item["file"] for item in told] == [item["file"] for item in shards]
    for found, wanted in zip(told, shards, strict=True):
        odd = {name: found.get(name, 0) for name in _RESCUED}
        assert found["bytes"] == wanted["bytes"]
        assert found["lines"] == wanted["physical_lines"]
        for name in ("blank", "non_object", "bad_utf8", "bom"):
            assert found.get(name, 0) == wanted.get(name, 0), name
        lost = found.get("bad_json", 0) + found.get("torn_lines", 0)
        rescued = odd["lines_with_several_objects"] + odd["nul_lines"]
        assert lost + rescued == wanted["bad_json"]
        assert found["rows"] - sum(_ROWS[name] * odd[name] for name in odd) == wanted["rows"]
    books = next(item for item in record["accounting"] if item["path"] == "metrics.ndjson")
    assert books.get("read", 0) + books.get("dropped", 0) == sum(item["rows"] for item in told)


_ROWS = {"bom": 1, "lines_with_several_objects": 2, "nul_lines": 1}
"""Rows that a line of each kind holds in these files."""
_RESCUED = tuple(_ROWS)


def test_accounting_of_the_damaged_run(corpus: Path, archived: Callable[[Path], Path]) -> None:
    """63 rows of 70 lines; four that are no objects, one broken, one torn, two blank."""
    place = archived(corpus / "codex_ml" / "malformed-truncated-nan")
    record = json.loads((place / "record.json").read_bytes())
    (books,) = record["accounting"]
    assert (books["read"], books.get("dropped", 0), books["corrupt"]) == (63, 0, 6)
    assert books["reasons"] == {
        "bom": 1, "non-finite-token": 3, "crlf": 1, "syntax": 1, "two-objects": 1,
        "not-an-object": 4, "bad-utf8": 1, "duplicate-key": 1, "nul-bytes": 1, "big-integer": 1,
        "float-overflow": 1, "truncated": 1,
    }  # fmt: skip
    assert record["fields"]["summary.status"]["value"] == "interrupted"


def test_summary_equals_the_producers(whole: str, corpus: Path, cli: Callable[..., Any]) -> None:
    """Every column of every row; times as instants, structures as the values they spell.

    Two deliberate differences: where rows name no run the run's own id stands instead of
    `unknown`, and times that the evaluation runner made up are none.
    """
    found, wanted = rows(cli, corpus / "codex_ml" / whole), summary(corpus, whole)
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        for column, value in theirs.items():
            assert plain(ours[column], column) == adjusted(value, column, theirs), column


def plain(text: str, column: str) -> Any:
    """A cell of ours as a value."""
    if column.endswith("timestamp"):
        return datetime.fromisoformat(text) if text else None
    return json.loads(text) if text.startswith("{") else text


def adjusted(text: str, column: str, row: dict[str, str]) -> Any:
    """A cell of the producer's as a value, with the two differences applied."""
    if column == "run_id" and text == "unknown":
        return "legacy-run"
    if column.endswith("timestamp"):
        made_up = row["run_id"] == EVAL_ID
        return datetime.fromisoformat(text) if text and not made_up else None
    return ast.literal_eval(text) if text.startswith("{") else text


def test_archives_say_the_same(
    run: str, corpus: Path, cli: Callable[..., Any], archived: Callable[[Path], Path]
) -> None:
    """Of the run directory and of its archive, the table is the same."""
    place = corpus / "codex_ml" / run
    before = cli("metrics", place, "--format", "csv").out.splitlines()
    after = cli("metrics", archived(place), "--format", "csv").out.splitlines()
    # The runs of stores inside of it have archives of their own.
    assert [line for line in before if line in set(after)] == after


def test_summary_of_the_damaged_run(corpus: Path, cli: Callable[..., Any]) -> None:
    """What the producer's summary gets wrong here is put right, and nothing else differs.

    Its 56 training losses lack four rows (byte order mark, two objects on a line, NUL bytes) and
    the one whose run id is null, which it calls `unknown`. First and last follow the text of
    the stamps there (a number sorts first, `+01:00` last), infinities and the NaN spread.
    """
    found = rows(cli, corpus / "codex_ml" / "malformed-truncated-nan")
    wanted = summary(corpus, "malformed-truncated-nan")
    assert [(row["run_id"], row["split"], row["metric"], row["count"]) for row in wanted] == [
        ("run-malformed", "", "loss", "1"), ("run-malformed", "train", "loss", "56"),
        ("run-malformed", "train", "loss_dup", "1"), ("unknown", "train", "loss", "1"),
    ]  # fmt: skip
    assert [(row["run_id"], row["split"], row["metric"], row["count"]) for row in found] == [
        ("run-malformed", "", "loss", "1"), ("run-malformed", "train", "loss", "61"),
        ("run-malformed", "train", "loss_dup", "1"),
    ]  # fmt: skip
    for ours, theirs in ((found[0], wanted[0]), (found[2], wanted[2])):
        for column, value in theirs.items():
            assert plain(ours[column], column) == adjusted(value, column, theirs), column
    loss = found[1]
    assert [loss[name] for name in ("first_step", "last_step", "first_value", "last_value")] == [
        "0", "60", "1.386", "0.5161210104932159",
    ]  # fmt: skip
    assert loss["first_timestamp"] == "2026-11-20T09:15:02.318774+00:00"
    assert loss["last_timestamp"] == "2026-11-20T09:16:02.318774+00:00"
    assert [loss["min_value"], loss["max_value"]] == ["0.5161210104932159", "1.3862943611158907"]
    names = ("numeric_count", "non_finite", "non_numeric", "dropped", "duplicate", "overwritten")
    assert [loss[name] for name in names] == ["57", "4", "4", "6", "4", "1"]


def test_the_functional_trainer(corpus: Path, archived: Callable[[Path], Path]) -> None:
    """Wide rows by epoch, the mirror by step, load samples in two modes, a failure survived."""
    place = archived(corpus / "codex_ml" / "functional-train")
    record = json.loads((place / "record.json").read_bytes())
    assert record["run"]["eras"]["codex_ml"] == "functional"
    series = {(s["source"], s["key"], s.get("split")): s for s in record["series"]}
    mirror = series["mlflow/metrics.ndjson", "loss", "train"]
    assert (mirror["points"], mirror["first_step"], mirror["last_step"]) == (120, 1, 120)
    wide = series[".codex/metrics.ndjson", "eval_loss", "eval"]
    assert (wide["axis"], wide["points"], wide["last"]) == ("epoch", 3, 0.5123056944587702)
    memory = series[".codex/metrics.ndjson", "sys.gpu.mem_gb", None]
    assert (memory["unit"], memory["last"]) == ("GiB", 54.0)
    load = record["extras"]["codex_ml.system_metrics"]["system_metrics.ndjson"]
    assert load["samples"] == 25
    assert record["fields"]["summary.git_commit"]["value"].startswith("9c1e7f0b")
    warnings = [text for step in record["steps"] for text in step["warnings"]]
    assert warnings == ["env_log: boom (env)"]


def test_the_experiment_context(corpus: Path, archived: Callable[[Path], Path]) -> None:
    """Start, experiment, commit, host, parameters and GPU figures of a run with everything."""
    place = archived(corpus / "codex_ml" / "ext-rotated-3shards")
    record = json.loads((place / "record.json").read_bytes())
    fields = {name: item["value"] for name, item in record["fields"].items()}
    assert fields["summary.experiment"] == "ext-rotated-3shards"
    assert fields["summary.run_id"] == "3f0d5c1e-7a44-4b0e-9a3c-5b0f6f2f9a11"
    assert fields["summary.started_at"] == "2026-11-20T09:15:02.318774+00:00"
    assert fields["summary.git_commit"].startswith("9c1e7f0")
    assert "trainer-01" in fields["summary.host"]
    assert fields["resources.gpu_util_avg_pct"] == pytest.approx(78.0571428571)
    # 29,030,000,000 bytes, the largest of the samples.
    assert fields["resources.peak_vram_gb"] == pytest.approx(27.0363215804)
    configs = {item["id"]: item for item in record["configs"]}
    assert configs["params.ndjson#config"]["values"]["trainer"]["betas"] == [0.9, 0.999]
    assert configs["config.ndjson"]["values"] == configs["config.json"]["values"]


def test_the_evaluation(corpus: Path, archived: Callable[[Path], Path]) -> None:
    """Results of 120 records, ended well, on data that is named; no time is taken for one."""
    place = archived(corpus / "codex_ml" / "eval-run")
    record = json.loads((place / "record.json").read_bytes())
    (step,) = record["steps"]
    assert step["name"] == "eval"
    assert step["eval"]["samples"] == {"done": 120, "total": 120}
    assert step["eval"]["results"]["accuracy"] == 0.8166666666666667
    assert not any("1983" in json.dumps(part) for part in (record["fields"], record["series"]))
    assert {item["path"] for item in record["datasets"]} == {
        "/home/mluser/codex/data/eval_samples.jsonl"
    }
