"""Golden values and baselines: whole curves, with what was not run left out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("megatron_golden", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "megatron_golden")


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "megatron_golden")


def test_files_are_told_apart(bench):
    """One directory holds the values of several machines or models."""
    found = bench.read("megatron_golden", bench.input("megatron_golden"))
    labels = {path: item.batches[0].spec.labels for path, item in found.items()}
    assert labels == {
        "baseline/llama2.json": (("baseline", "llama2"),),
        "golden_values_dev_dgx_h100.json": (("baseline", "golden_values_dev_dgx_h100"),),
    }
