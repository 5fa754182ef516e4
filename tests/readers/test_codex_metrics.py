"""codex_ml metric streams: shards in order, every dialect, resumes, and every kind of damage."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "codex_metrics"
SCHEMA = "https://codexml.ai/schemas/run_metrics.schema.json"


def row(step, value=1.0, metric="loss", split="train", **more):
    """One canonical row as JSON text."""
    base = {"$schema": SCHEMA, "schema_version": "v1", "timestamp": None, "run_id": "r"}
    full = {**base, "step": step, "split": split, "metric": metric, "value": value, **more}
    return json.dumps({key: item for key, item in full.items() if item is not ...}) + "\n"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check(NAME, case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, NAME)


def columns(found, key="loss", split="train", kind="number"):
    """Times of a series' points, in the order in which they came."""
    return [
        time
        for batch in found.batches
        if (batch.spec.key, batch.spec.split, batch.spec.type) == (key, split, kind)
        for time in (batch.times or [math.nan] * len(batch.steps))
    ]


def test_decoys_are_not_opened(bench):
    """Of the files beside a family only its own are, each once."""
    (found,) = bench.read(NAME, bench.input(NAME)).values()
    numbers = [f"metrics.ndjson.{n}" for n in range(10, 0, -1)]
    assert [*found.opened] == [*numbers, "metrics.ndjson"]


def test_all_kinds_of_timestamps_lie_on_one_line(read_one):
    """Numbers, UTC, another zone and none stand in one series; a stamp without a zone is none."""
    stamps = (1795166101.5, "2026-11-20T09:15:02.500000Z", "2026-11-20T10:15:03.500000+01:00", ...)
    text = "".join(row(n, timestamp=stamp) for n, stamp in enumerate((*stamps, "2026-11-20T09:15")))
    found = read_one("metrics.ndjson", text)
    first = 1795166101.5
    assert columns(found)[:3] == [first, first + 1, first + 2]
    assert all(map(math.isnan, columns(found)[3:]))
    told = {"number": 1, "text": 2, "absent": 1, "unusable": 1}
    assert found.reading.extras["timestamps"] == told
    assert {batch.spec.clock for batch in found.batches} == {"zoned"}


def test_every_kind_of_value_is_kept(read_one):
    """Non-finite numbers are numbers, truth values count 0 and 1, all others stay as written."""
    big = "1" + "0" * 400
    values = ("NaN", "Infinity", "1e999", "true", '"0.5"', "null", "[1,2]", big)
    text = "".join(row(n).replace(": 1.0", f": {value}") for n, value in enumerate(values))
    found = read_one("metrics.ndjson", text)
    numbers = [[0, "NaN"], [1, "Infinity"], [2, "Infinity"], [3, 1.0]]
    others = [[4, '"0.5"'], [5, "null"], [6, "[1,2]"], [7, big]]
    assert found.points("loss") == [*numbers, *others]
    assert {batch.spec.type for batch in found.batches} == {"number", "object"}
    assert found.reading.accounting.read == 8


def test_texts_of_steps(read_one):
    """A text of digits and a whole float are steps; null, words and fractions are none."""
    steps = ("7", 8.0, -1, None, "init", 1.5, True, 10**30)
    found = read_one("metrics.ndjson", "".join(row(step) for step in steps))
    assert [step for step, _ in found.points("loss")] == [7, 8, -1, None, None, None, None, None]


def test_unicode_line_ends_stay_inside_of_strings(read_one):
    """U+2028, U+2029 and U+0085 end no line."""
    text = row(1, dataset="a\u2028b\u2029c\u0085d").encode().decode("unicode_escape")
    found = read_one("metrics.ndjson", text)
    assert found.reading.accounting.read == 1
    assert found.batches[0].spec.dataset == "a\u2028b\u2029c\u0085d"


def test_made_up_times_are_none(read_one):
    """The evaluation runner's stamps, in whatever decade, are not times of the run."""
    tags = {"phase": "evaluation", "source": "run_evaluation"}
    for stamp in ("1983-01-12T06:06:29.775787Z", "2069-12-31T00:00:00.000001Z", 12345.0):
        text = row(0, metric="accuracy", split="eval", timestamp=stamp, tags=tags)
        found = read_one("metrics.ndjson", text)
        assert found.reading.attempts == ()
        assert [batch.times for batch in found.batches] == [None]
        assert found.batches[0].spec.step_id == "eval:."


def test_a_killed_evaluation_is_told_of_its_step(read_one):
    """Its torn line says nothing of training, and its made-up id gives way to any other."""
    tags = {"source": "run_evaluation"}
    found = read_one("eval/metrics.ndjson", row(0, tags=tags) + row(1, tags=tags)[:50])
    assert [(item.kind.value, item.step_id) for item in found.reading.evidence] == [
        ("running-word", "eval:eval"),
        ("death", "eval:eval"),
    ]
    assert [claim.trust.name for claim in found.reading.claims] == ["HINT"]


def test_eval_phase_of_training_has_times(read_one):
    """Rows that training writes with phase `eval` belong to it."""
    tags = {"phase": "eval"}
    text = row(4, split="eval", timestamp="2026-11-20T09:15:02Z", tags=tags)
    found = read_one("metrics.ndjson", text)
    assert found.batches[0].spec.step_id is None
    assert found.batches[0].spec.canonical == "eval_loss"
    assert [step.name for step in found.reading.steps] == ["train"]


def test_legacy_rows_join_the_run_that_goes_on(read_one):
    """A resume may switch the mode: rows without a run id are of the same curve."""
    text = row(1, run_id=..., timestamp=...) + row(2) + row(3, run_id=None)
    found = read_one("metrics.ndjson", text)
    assert found.points("loss") == [[1, 1.0], [2, 1.0], [3, 1.0]]
    assert len({batch.spec for batch in found.batches}) == 1
    assert found.reading.extras["dialects"] == {"metrics.ndjson": {"legacy": 1, "canonical": 2}}


def test_another_run_id_is_another_curve(read_one):
    """Runs in one file are told apart by a label; the first one's is the file's."""
    found = read_one("metrics.ndjson", row(1) + row(1, run_id="other") + row(2))
    labels = [batch.spec.labels for batch in found.batches]
    assert labels == [(), (("run", "other"),)]
    assert found.reading.extras["run_ids"] == ["r", "other"]
    assert found.claims["summary.run_id"] == "r"


def test_only_identifying_tags_become_labels(read_one):
    """A rank tells curves apart; the model is the run's."""
    text = row(1, tags={"rank": 0, "model": "m"}) + row(1, tags={"rank": 1, "model": "m"})
    found = read_one("metrics.ndjson", text)
    assert [b.spec.labels for b in found.batches] == [(("rank", "0"),), (("rank", "1"),)]
    assert found.reading.extras["tags"] == {"model": "m"}


def test_a_stray_row_is_no_resume(read_one):
    """One step that goes back, followed by one beyond the last, is a row out of order."""
    found = read_one("metrics.ndjson", "".join(map(row, (1, 2, 3, 2, 4))))
    assert found.attempts_of("loss") == [0] * 5
    assert found.kinds == ["progress"]


def test_a_resume_is_told_by_the_next_step(read_one):
    """Steps that go on from an earlier one are another attempt, every series of it."""
    pairs = [(n, name) for n in (1, 2, 3, 4, 3, 4, 5) for name in ("loss", "lr")]
    text = "".join(row(n, metric=name) for n, name in pairs)
    found = read_one("metrics.ndjson", text)
    assert found.attempts_of("loss") == [0, 0, 0, 0, 1, 1, 1]
    assert found.attempts_of("lr") == [0, 0, 0, 0, 1, 1, 1]
    assert [mark.first_step for mark in found.marks] == [1, 3]


def test_repeats_are_no_resume(read_one):
    """The same row three times stays in its attempt; what repeats is judged later."""
    found = read_one("metrics.ndjson", "".join(map(row, (1, 2, 2, 2, 3))))
    assert found.attempts_of("loss") == [0] * 5
    assert found.points("loss") == [[n, 1.0] for n in (1, 2, 2, 2, 3)]


def test_a_second_evaluation_goes_back_in_its_own_split(read_one):
    """Evaluation at an earlier step than training has reached is no resume."""
    text = "".join(map(row, range(1, 11))) + row(5, split="eval") + row(11)
    assert read_one("metrics.ndjson", text).attempts_of("loss") == [0] * 11


def test_manifest_ids_and_phases_are_told_with_the_series(read_one):
    """First and last in reading order, whoever made them up."""
    tags = [{"manifest_id": f"m{n}", "phase": phase} for n, phase in enumerate(("a", "b", ""))]
    text = "".join(row(n, value=None, tags=item) for n, item in enumerate(tags))
    text = text.replace('"split"', '"value": null, "split"', 1)
    found = read_one("metrics.ndjson", text.replace('"tags"', '"value": null, "tags"'))
    assert dict(found.batches[-1].attributes) == {
        "run_id": "r",
        "first_phase": "a",
        "last_phase": "b",
        "first_manifest_id": "m0",
        "last_manifest_id": "m2",
    }


def test_a_file_of_another_name_needs_the_schema(read):
    """A custom path is known by its rows' schema; rows alone are anybody's."""
    found = read({"custom.ndjson": row(1), "other.ndjson": '{"metric": "loss", "value": 1}\n'})
    assert {path: item.match for path, item in found.items()} == {
        "custom.ndjson": "yes",
        "other.ndjson": "no",
    }


def test_a_leftover_beside_the_file_is_left_alone(read):
    """`metrics.ndjson.tmp` is read only where nothing replaced it."""
    found = read({"metrics.ndjson": row(1), "metrics.ndjson.tmp": row(2)})
    assert list(found) == ["metrics.ndjson"]


def test_rotated_files_without_their_active_one(read):
    """What is left is read; the one that is missing is told."""
    found = read({"metrics.ndjson.2": row(1), "metrics.ndjson.1": row(2)})["metrics.ndjson"]
    assert found.points("loss") == [[1, 1.0], [2, 1.0]]
    assert found.codes == ["missing-shard"]


def test_retention_is_no_loss(read):
    """A first step far from the run's first is normal once files were dropped."""
    found = read({"metrics.ndjson.1": row(5000), "metrics.ndjson": row(5001)})["metrics.ndjson"]
    assert found.codes == []


def test_nothing_but_a_start(read_one):
    """An empty file means that a run started."""
    found = read_one("metrics.ndjson", "")
    assert (found.match, found.codes, found.reading.accounting.corrupt) == ("damaged", ["empty"], 0)


def test_texts_beside_metrics_are_no_series(read_one):
    """Of a wide row only numbers are measured, but for a metric that has numbers elsewhere."""
    rows = ({"epoch": 1, "loss": 1.0, "note": "x"}, {"epoch": 2, "loss": "diverged"})
    found = read_one("metrics.ndjson", "".join(json.dumps(item) + "\n" for item in rows))
    assert found.series() == {"loss|train"}
    assert found.points("loss") == [[None, 1.0], [None, '"diverged"']]


@pytest.mark.parametrize("key", ["loss", "eval_loss"])
def test_epochs_are_an_axis(read_one, key):
    """Rows by epoch have no step; an epoch may be a text of digits."""
    rows = ({"epoch": 1, key: 1.0}, {"epoch": "2", key: 0.5})
    found = read_one("metrics.ndjson", "".join(json.dumps(item) + "\n" for item in rows))
    (batch,) = found.batches
    assert (batch.spec.axis, list(batch.epochs or ())) == ("epoch", [1.0, 2.0])
