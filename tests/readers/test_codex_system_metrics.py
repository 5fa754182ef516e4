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


def test_samples_tell_when_the_run_ran(read_one):
    """The sampler starts and ends with the training; rows without a time tell nothing."""
    rows = [
        '{"ts": 1795166102.5, "cpu_percent": 1.0}\n',
        '{"ts": 1795166107.5, "cpu_percent": 2.0}\n',
    ]
    (trail,) = read_one("system_metrics.ndjson", "".join(rows)).reading.attempts
    (mark,) = trail.marks
    assert (mark.started.iso(), mark.ended.iso()) == (
        "2026-11-20T09:15:02.500000+00:00",
        "2026-11-20T09:15:07.500000+00:00",
    )
    untimed = read_one("system_metrics.ndjson", '{"ts": null, "cpu_percent": 1.0}\n')
    assert untimed.reading.attempts == ()
