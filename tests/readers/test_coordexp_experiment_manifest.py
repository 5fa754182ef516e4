"""CoordExp's experiment manifest: second-hand claims and the author's words."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model.claims import Trust


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_experiment_manifest", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_experiment_manifest")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_experiment_manifest")


def test_every_claim_is_a_copy(bench):
    """The originals speak first; the manifest only where they are gone."""
    (found,) = bench.read(
        "coordexp_experiment_manifest", bench.input("coordexp_experiment_manifest")
    ).values()
    assert {claim.trust for claim in found.reading.claims} == {Trust.COPY}


def test_run_name_that_is_a_path_is_no_experiment(read_one):
    """The Trainer's default run name is the output directory."""
    identity = {"run_name": "/out/a/v0-20260101-000000"}
    document = {"schema_version": 1, "identity": identity, "experiment": {}}
    found = read_one("experiment_manifest.json", document)
    assert found.claims == {}
    assert found.codes == []


def test_sha_that_is_none_is_not_claimed(read_one):
    """What is no commit id does not become one."""
    summary = {"git_sha": "fatal: not a git repository"}
    document = {
        "schema_version": 1,
        "identity": {},
        "experiment": {},
        "provenance_summary": summary,
    }
    assert read_one("experiment_manifest.json", document).claims == {}
