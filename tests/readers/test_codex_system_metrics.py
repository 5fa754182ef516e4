"""Load samples: units, GPUs that vanish, samples without psutil."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "codex_system_metrics"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check(NAME, case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, NAME)


def test_a_mean_without_the_list_of_gpus(read_one):
    """The mean over devices is all that some samples tell."""
    text = '{"ts": 1795166102.5, "cpu_percent": 1.0, "gpu_util_mean": 30.0}\n'
    found = read_one("system_metrics.ndjson", text)
    assert found.claims == {"resources.gpu_util_avg_pct": 30.0}


def test_no_gpu_is_no_zero(read_one):
    """Where GPU keys are absent or null, nothing is claimed."""
    text = '{"ts": 1795166102.5, "cpu_percent": 1.0, "gpus": [], "gpu_util_mean": null}\n'
    found = read_one("system_metrics.ndjson", text)
    assert found.claims == {}
    assert found.series() == {"cpu_percent|"}


def test_derived_figures_name_their_rule(bench):
    """They are computed, and say how."""
    (found,) = bench.read(NAME, bench.input(NAME)).values()
    rules = {claim.field: (claim.origin.value, claim.rule) for claim in found.reading.claims}
    assert rules == {
        "resources.gpu_util_avg_pct": ("derived", "mean-of-samples"),
        "resources.peak_vram_gb": ("derived", "largest-sample"),
        "resources.avg_vram_gb": ("derived", "mean-of-samples"),
    }
