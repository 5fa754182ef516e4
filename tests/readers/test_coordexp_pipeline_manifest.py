"""CoordExp's pipeline manifest: the checksum is computed again."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_pipeline_manifest", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_pipeline_manifest")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_pipeline_manifest")


def manifest(payload, checksum=None):
    """A manifest with its checksum, or with another one."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    right = hashlib.sha256(text.encode()).hexdigest()
    inner = {"payload": payload, "checksum": right if checksum is None else checksum}
    return {"schema_version": 1, "pipeline": inner}


@pytest.mark.parametrize(
    "payload",
    [
        {"objective": [], "diagnostics": [], "extra": {"variant": "x"}},
        {"b": 1, "a": 1.0, "c": [1e-05, 0.1, 5e-324, 123456789012345678]},
        {"note": "poids – café, 東京 \U0001f600", "key/with~signs": None},
    ],
)
def test_checksum_that_holds_is_no_problem(read_one, payload):
    """Numbers and texts are spelled as the producer spelled them."""
    assert read_one("pipeline_manifest.json", manifest(payload)).codes == []


def test_checksum_that_fails_names_both(read_one):
    """What was changed afterwards shows."""
    found = read_one("pipeline_manifest.json", manifest({"a": 1}, "0" * 64))
    assert found.codes == ["checksum-mismatch"]
    assert "0" * 64 in found.reading.problems[0].message
    assert str(found.reading.problems[0].at) == "pipeline_manifest.json#/pipeline/checksum"


@pytest.mark.parametrize("payload", [None, [], {"a": 1e999}])
def test_payload_that_has_no_checksum_is_not_judged(read_one, payload):
    """A payload that the producer could not have signed is no mismatch."""
    text = json.dumps({"schema_version": 1, "pipeline": {"payload": payload, "checksum": "0" * 64}})
    assert "checksum-mismatch" not in read_one("pipeline_manifest.json", text).codes
