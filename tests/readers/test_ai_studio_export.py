"""An exported model."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("ai_studio_export", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "ai_studio_export")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "ai_studio_export")


def test_export_that_failed(read_one):
    """The error is a text; no file was made."""
    value = {
        "experiment_id": "exp-1", "checkpoint": "best", "format": "onnx", "status": "failed",
        "output_file": None, "error": "opset not supported",
    }  # fmt: skip
    found = read_one("export.json", value)
    (step,) = found.reading.steps
    assert (step.status, step.error, found.reading.artifacts) == (
        "failed",
        "opset not supported",
        (),
    )
    assert [(item.word, item.step_id) for item in found.reading.evidence] == [
        ("failed", "convert:export")
    ]
