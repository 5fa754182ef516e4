"""GPU samples: units, several GPUs, slices, and whose job it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HEADER = "timestamp, utilization.gpu [%], memory.used [MiB]\n"


def rows(*stamps: str, busy: str = "50 %") -> str:
    """Samples at these times of one day."""
    return "".join(f"2026/06/20 {stamp}, {busy}, 1024 MiB\n" for stamp in stamps)


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("gpu_sampler", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "gpu_sampler")


def test_the_clock_has_no_zone(read_one):
    """Stamps are local; points lie on an axis of time and at no step."""
    found = read_one("gpu_metrics.csv", HEADER + rows("13:56:21.005"))
    batch = found.batches[0]
    assert (batch.spec.axis, batch.spec.clock, batch.spec.unit) == ("time", "naive", "%")
    assert list(batch.times) == [1781963781.005]


def test_gpus_without_a_number(read_one):
    """Rows of one tick are as many GPUs, in their order, be a tick cut short or not."""
    stamps = ("10:00:00.001", "10:00:00.003", "10:00:30.001", "10:00:30.004", "10:01:00.002")
    found = read_one("gpu_metrics.csv", HEADER + rows(*stamps))
    labels = {b.spec.labels: len(b.values) for b in found.batches if "memory" in b.spec.key}
    assert labels == {(("gpu", "0"),): 3, (("gpu", "1"),): 2}


def test_ticks_of_a_second(read_one):
    """One GPU that is asked every second stays one."""
    found = read_one("gpu_metrics.csv", HEADER + rows("10:00:00.9", "10:00:01.9", "10:00:02.9"))
    assert found.reading.extras == {"gpus": 1}


def test_a_clock_that_goes_back(read_one):
    """An hour that is repeated in autumn begins a new tick."""
    found = read_one("gpu_metrics.csv", HEADER + rows("02:59:59.0", "02:00:29.0"))
    assert found.reading.extras == {"gpus": 1}


def test_rows_without_a_time(read_one):
    """They are dropped and counted."""
    found = read_one("gpu_metrics.csv", HEADER + "yesterday, 5 %, 1 MiB\n" + rows("10:00:00.0"))
    assert found.reading.accounting.dropped == 1
    assert found.reading.accounting.reasons == {"bad-time": 1}


@pytest.mark.parametrize("text", ["[N/A]", "N/A", "[Not Supported]", "[Unknown Error]"])
def test_words_for_nothing(read_one, text):
    """A GPU that does not tell gives no point and no mean."""
    found = read_one("gpu_metrics.csv", HEADER + rows("10:00:00.0", busy=text))
    assert "resources.gpu_util_avg_pct" not in found.claims
    assert found.claims["resources.peak_vram_gb"] == 1.0
    assert found.reading.accounting.reasons == {"not-available": 1}


def test_claims_say_how_they_were_made(read_one):
    """Peaks and means are derived, each by its rule."""
    found = read_one("gpu_metrics.csv", HEADER + rows("10:00:00.0", "10:00:30.0"))
    rules = {claim.field: (claim.origin.value, claim.rule) for claim in found.reading.claims}
    assert rules == {
        "resources.peak_vram_gb": ("derived", "largest-gpu-sample"),
        "resources.avg_vram_gb": ("derived", "mean-of-gpu-samples"),
        "resources.gpu_util_avg_pct": ("derived", "mean-of-gpu-samples"),
    }


def test_memory_in_another_unit_is_not_converted(read_one):
    """Only MiB are turned into GiB."""
    text = "timestamp, memory.used [%], utilization.gpu [%]\n2026/06/20 10:00:00.0, 5 %, 5 %\n"
    found = read_one("gpu_metrics.csv", text)
    assert set(found.claims) == {"resources.gpu_util_avg_pct"}


@pytest.mark.parametrize(
    ("cells", "step_id"),
    [
        (["words_epoch0"], "eval:words_epoch0"),
        (["words_epoch0", "words_epoch1"], "eval:words_epoch0"),
        (["words_epoch0", "sums_epoch0"], "eval:epoch_0"),
    ],
)
def test_whose_evaluation_it_was(read, cells, step_id):
    """The only cell of the epoch; several tasks share and overwrite the file."""
    files = {f"r/eval/{cell}/cell.slurm": "" for cell in cells}
    path = "r/artifacts/epoch_0/gpu_metrics.csv"
    found = read({**files, "r/finetune.yaml": "", path: HEADER + rows("10:00:00.0")})[path]
    assert {batch.spec.step_id for batch in found.batches} == {step_id}
    assert found.claims == {}


def test_only_a_header(read_one):
    """A job that was killed at once left no sample, which is no fault."""
    found = read_one("gpu_metrics.csv", HEADER)
    assert (found.match, found.claims, found.series()) == ("yes", {}, set())
