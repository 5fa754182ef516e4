"""Records as JSON and back."""

import json
import math

import pytest

from archiver.model import codec
from archiver.model.claims import Location, Origin, Problem
from archiver.model.record import (
    Checkpoint,
    Config,
    Coverage,
    Other,
    Resolved,
    RunIdentity,
    RunRecord,
    Series,
    Source,
    Step,
    Training,
)
from archiver.model.values import Tagged

HERE = Location("run_metadata.json", "/git_sha")


def record() -> RunRecord:
    """A record that uses every kind of value."""
    return RunRecord(
        run=RunIdentity("v0", "exp", ("coordexp",), {"coordexp": "2026"}, "v0", "ab" * 32),
        coverage=Coverage(1, 0, 0, 0, 2, 0, {"summary.run_id": "recorded"}),
        fields={
            "summary.git_commit": Resolved(
                "c" * 40,
                Origin.RECORDED,
                HERE,
                "reader",
                others=(Other("c" * 8, Origin.RECORDED, HERE, "other", "equivalent"),),
            ),
            "summary.conda_env": Resolved(None, Origin.RECORDED, HERE, "reader"),
        },
        configs=(
            Config(
                at=HERE,
                id="args.json",
                role="effective",
                format="json",
                values={"ns": 2**60, "nan": math.nan, "f": Tagged("python/name", "os.system")},
            ),
        ),
        steps=(
            Step(
                at=HERE,
                step_id="1",
                name="train",
                training=Training(final_loss="NaN"),
                sources={"status": Source(Origin.DERIVED, HERE, "end-marker")},
            ),
        ),
        checkpoints=(
            Checkpoint(at=HERE, path="last", epoch=1),
            Checkpoint(at=HERE, path="x", epoch=0.5),
        ),
        series=(Series(at=HERE, key="loss", source="logging.jsonl", last="NaN", points=3),),
        problems=(Problem("torn", "it ends early", HERE),),
        extras={"kind": {"a.json": {"x": math.inf}}},
    )


def test_a_record_survives_json():
    """Written as strict JSON and read back, a record encodes to the same text again."""
    text = json.dumps(codec.encode(record()), allow_nan=False)
    again = codec.decode(RunRecord, json.loads(text))
    assert json.dumps(codec.encode(again), allow_nan=False) == text
    assert again.fields["summary.git_commit"] == record().fields["summary.git_commit"]
    assert again.configs[0].values["ns"] == 2**60


def test_a_recorded_null_is_kept():
    """A field that says null is a claim; a field that nobody claims is absent."""
    fields = codec.encode(record())["fields"]
    assert fields["summary.conda_env"]["value"] is None
    assert "summary.user" not in fields


def test_steps_hold_every_template_field():
    """A step's field without a value is null, never left out."""
    step = codec.encode(record())["steps"][0]
    assert step["error"] is None
    assert step["training"]["ppl"] is None
    assert step["params"] == {}
    assert step["eval"] is None


def test_keys_that_are_python_words_lose_their_underscore():
    """`from_` is `from` in JSON."""
    value = codec.encode(Resolved(1, Origin.DERIVED, HERE, "x", "rule", (HERE,)))
    assert value["from"] == [{"scope": "run", "path": "run_metadata.json", "place": "/git_sha"}]


@pytest.mark.parametrize("data", [[], None, {"run": 3}, {"coverage": {}}])
def test_foreign_json_is_refused(data):
    """Reading back names the class that did not fit."""
    with pytest.raises(ValueError, match=r"RunRecord|RunIdentity|Coverage"):
        codec.decode(RunRecord, data)
