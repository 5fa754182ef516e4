"""What codex_ml wrote down beside each checkpoint, and all the ways in which it does not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("codex_run_manifest", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "codex_run_manifest")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "codex_run_manifest")


LOCK = "3f8c2f5d2a1f0e7cbb7b9a1a6d5a1b8f4c9e0d3b2a1908f7e6d5c4b3a2918070"
OTHER = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"
ANY = ("uv.lock", "requirements/lock.txt", "poetry.lock", "Pipfile.lock")
UV = ("uv.lock", "uv.lock.json")


def locks(found):
    return [(item.recorded_sha256, item.names, item.at.place) for item in found.reading.locks]


def test_both_digests_alike_are_one(read_one):
    """The top-level digest and the nested one are of the same file."""
    found = read_one(
        "run_manifest.json", {"lock_sha256": LOCK, "provenance": {"lock_sha256": LOCK}}
    )
    assert locks(found) == [(LOCK, UV, "/lock_sha256")]


def test_null_digest_with_a_nested_one(read_one):
    """No uv lockfile, but another one."""
    found = read_one(
        "run_manifest.json", {"lock_sha256": None, "provenance": {"lock_sha256": LOCK}}
    )
    assert locks(found) == [("", UV, "/lock_sha256"), (LOCK, ANY, "/provenance/lock_sha256")]


def test_nested_digest_of_another_lock(read_one):
    """Both are held against the run's lockfiles."""
    found = read_one(
        "run_manifest.json", {"lock_sha256": OTHER, "provenance": {"lock_sha256": LOCK}}
    )
    assert [item[0] for item in locks(found)] == [OTHER, LOCK]


def test_empty_words_mean_none(read_one):
    """`""` in the nested part, null at the top: both say that there was none."""
    found = read_one("run_manifest.json", {"lock_sha256": None, "provenance": {"lock_sha256": ""}})
    assert locks(found) == [("", UV, "/lock_sha256")]


def test_manifest_without_the_key_recorded_nothing(read_one):
    """A collector that failed left only its other half."""
    found = read_one("run_manifest.json", {"provenance": {"git": "", "python": "3.11.7"}})
    assert locks(found) == [("", UV, "")]


def test_unreadable_manifest_says_so(read):
    """A torn one may have recorded a digest; nobody knows."""
    found = read({"c/run_manifest.json": b'{"python": "3.1', "c/state.sha256": LOCK})
    (claim,) = found["c/run_manifest.json"].reading.locks
    assert (claim.recorded_sha256, claim.actual_sha256, claim.names) == (None, None, UV)


def test_digest_that_is_none(read_one):
    """A text that is no SHA-256 is told and kept for the verdict."""
    found = read_one("run_manifest.json", {"lock_sha256": "unknown"})
    assert found.codes == ["unexpected-value"]
    assert locks(found) == [("unknown", UV, "/lock_sha256")]


def test_git_sha_is_any_text(read_one):
    """GIT_SHA may hold a branch; that is no commit, and not lost in silence."""
    found = read_one("run_manifest.json", {"git_sha": "main", "lock_sha256": None})
    assert "summary.git_commit" not in found.claims
    assert found.codes == ["unexpected-value"]


def test_git_knows_when_the_environment_does_not(read_one):
    """`git_sha` null, `provenance.git` set."""
    commit = "9c1e7f0b6a52d4c83e11f7f0d0a4b5c6d7e8f901"
    found = read_one("run_manifest.json", {"git_sha": None, "provenance": {"git": commit}})
    assert found.claims["summary.git_commit"] == commit


def test_variable_that_was_not_set_is_a_recorded_null(read_one):
    """Null says that it was unset, which is not the same as not recorded."""
    found = read_one("run_manifest.json", {"git_sha": None, "env": {"CODEX_DDP": None}})
    assert found.claims == {"repro.env.CODEX_DDP": None}
