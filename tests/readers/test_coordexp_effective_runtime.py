"""CoordExp's effective runtime: executed values, nulls kept, integers exact."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_effective_runtime", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_effective_runtime")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_effective_runtime")


def runtime(**values):
    """A document with these values."""
    return {"schema_version": 1, "runtime": values}


def test_nanoseconds_are_exact(read_one):
    """A double would lose the low digits of a time in nanoseconds."""
    found = read_one("effective_runtime.json", runtime(mtime_ns=1795310737490199443))
    assert found.reading.configs[0].values == {"mtime_ns": 1795310737490199443}
    assert found.codes == []


def test_nulls_are_values(read_one):
    """A recorded null is no missing key."""
    found = read_one("effective_runtime.json", runtime(template_max_length=None))
    assert found.reading.configs[0].values == {"template_max_length": None}


@pytest.mark.parametrize(
    ("resumed", "step"),
    [
        ("/out/v0/checkpoint-20", 20),
        ("/out/v0/checkpoint-20/", 20),
        ("/out/v0/checkpoint-20-merged", None),
        ("/out/v0/last", None),
        ("", None),
        (None, None),
    ],
)
def test_resume_step_stands_in_the_checkpoint_name(read_one, resumed, step):
    """A checkpoint whose name tells no step gives no resume step."""
    found = read_one("effective_runtime.json", runtime(resume_from_checkpoint=resumed))
    assert [mark.resume_step for mark in found.marks] == ([] if step is None else [step])


def test_runtime_that_is_no_object_is_a_problem(read_one):
    """Nothing is claimed of a document of another shape."""
    found = read_one("effective_runtime.json", {"schema_version": 1, "runtime": []})
    assert found.codes == ["unexpected-type"]
    assert found.reading.configs == ()
    assert found.claims == {}


def test_same_wrong_type_is_told_once(read_one):
    """A value that is asked for for both data sets is one problem."""
    source = {"resolved_path": "/d/a", "exists": True}
    document = runtime(
        dataset_seed="17", dataset_source_train_jsonl=source, dataset_source_val_jsonl=source
    )
    found = read_one("effective_runtime.json", document)
    assert found.codes == ["unexpected-type"]
    assert len(found.reading.datasets) == 2
