"""Megatron's progress file: starts, their jobs, and figures at each save."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("megatron_progress", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "megatron_progress")


def test_first_job_is_the_runs_id_as_a_hint(bench):
    """The scheduler's ids name attempts; the run itself has none."""
    found = bench.read("megatron_progress", bench.input("megatron_progress"))["progress.txt"]
    (claim,) = [item for item in found.reading.claims if item.field == "summary.run_id"]
    assert (claim.trust.name, claim.note) == ("HINT", "the scheduler's id of the first of 2 jobs")


def test_save_before_any_start(read_one):
    """The file may have been cut at its head; what is left is one attempt."""
    text = "2026-03-01 10:10:00\tJob ID: 1\t# GPUs: 8\tSaved checkpoint\tIteration: 5\n"
    found = read_one("progress.txt", text)
    assert len(found.marks) == 1
    assert found.reading.extras["last_saved_iteration"] == 5
