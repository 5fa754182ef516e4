"""CoordExp's run metadata: what git said, which versions ran, which run it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_run_metadata", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_run_metadata")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_run_metadata")


SHA = "36dabb4dac84522f4ece7f5a779a82e1bbbe5f38"
FILE = "run_metadata.json"
WARNING = "warning: unable to access '/home/ann/.config/git/attributes': Permission denied"


def metadata(**values):
    """A file of nine keys, some of them replaced."""
    document = {
        "created_at": "2026-02-01T10:00:00+00:00", "config": "c.yaml", "base_config": "",
        "run_name": "", "output_dir": "/out/exp/v2-20260201-175900", "git_sha": SHA,
        "git_branch": "main", "git_dirty": False, "git_status_porcelain": [],
    }  # fmt: skip
    return document | values


def test_null_of_git_is_no_claim(read_one):
    """Git failed: neither a commit nor `clean` was stated."""
    found = read_one(FILE, metadata(git_sha=None, git_branch=None, git_dirty=None))
    assert {"summary.git_commit", "summary.git_dirty"} & set(found.claims) == set()
    assert found.codes == ["git-failed"]


def test_dirty_false_is_a_claim(read_one):
    """`false` is a statement, null is none."""
    assert read_one(FILE, metadata()).claims["summary.git_dirty"] is False


@pytest.mark.parametrize(
    ("recorded", "commit"),
    [
        (SHA, SHA),
        (f"{WARNING}\n{SHA}", SHA),
        (f"{WARNING}\r\n{WARNING}\r\n{SHA}", SHA),
        (SHA + "0" * 24, SHA + "0" * 24),
        (SHA[:12], None),
        ("fatal: not a git repository", None),
    ],
)
def test_commit_behind_warnings(read_one, recorded, commit):
    """Git's warnings stand before its answer; what is no commit id is not claimed."""
    found = read_one(FILE, metadata(git_sha=recorded))
    assert found.claims.get("summary.git_commit") == commit
    assert found.reading.repositories[0].commit == commit
    assert found.codes == ([] if commit else ["unexpected-value"])


def test_branch_behind_a_warning(read_one):
    """The branch is git's last line, too."""
    found = read_one(FILE, metadata(git_branch=f"{WARNING}\nfeature/x"))
    assert found.reading.repositories[0].branch == "feature/x"


def test_warning_alone_makes_no_checkout_dirty(read_one):
    """The producer counts git's warnings as changed files."""
    found = read_one(FILE, metadata(git_dirty=True, git_status_porcelain=[WARNING]))
    assert "summary.git_dirty" not in found.claims
    assert found.codes == ["git-warning"]


@pytest.mark.parametrize(
    ("first", "mended"),
    [
        ("M README.md", " M README.md"),
        ("D old.py", " D old.py"),
        ("M  staged.py", "M  staged.py"),
        ("MM both.py", "MM both.py"),
        ("?? new.py", "?? new.py"),
        ("R  a.py -> b.py", "R  a.py -> b.py"),
        ('M "caf\\303\\251.md"', ' M "caf\\303\\251.md"'),
    ],
)
def test_first_entry_gets_its_blank_back(read_one, first, mended):
    """The producer stripped the whole text; only an entry of the working tree lost something."""
    found = read_one(FILE, metadata(git_dirty=True, git_status_porcelain=[first, " M b.py"]))
    assert found.reading.repositories[0].status == (mended, " M b.py")
    assert found.codes == []


@pytest.mark.parametrize(("entries", "reached"), [(199, False), (200, True)])
def test_full_list_of_changes_is_marked(read_one, entries, reached):
    """200 entries mean 200 or more."""
    status = [f"?? {number}" for number in range(entries)]
    found = read_one(FILE, metadata(git_dirty=True, git_status_porcelain=status))
    assert found.reading.repositories[0].status_cut is reached


@pytest.mark.parametrize(
    ("output", "name", "run", "experiment"),
    [
        ("/out/exp/v2-20260201-175900", "", "v2-20260201-175900", "exp"),
        ("/out/exp/v2-20260201-175900/", "exp", "v2-20260201-175900", "exp"),
        ("/out/1-26/v0-20260126-162648/epoch_4@x", "epoch_4@x", "v0-20260126-162648", "epoch_4@x"),
        ("/out/exp/v2-20260201-175900", "/out/exp/v2-20260201-175900", "v2-20260201-175900", "exp"),
        ("/out/stage/eff_size_64-2.0-", "", "eff_size_64-2.0-", "stage"),
        ("debug", "", "debug", None),
        ("v2-20260201-175900", "", "v2-20260201-175900", None),
        ("/", "", None, None),
    ],
)
def test_run_and_experiment(read_one, output, name, run, experiment):
    """The version element is the run, wherever it stands; a path is no experiment's name."""
    found = read_one(FILE, metadata(output_dir=output, run_name=name))
    assert found.claims.get("summary.run_id") == run
    assert found.claims.get("summary.experiment") == experiment


def test_nine_keys_of_january(read_one):
    """Keys that came later are absent without a word; they are no claims and no problems."""
    found = read_one(FILE, metadata())
    assert set(found.claims) == {
        "config.pipeline_config", "paths.workdir", "summary.experiment", "summary.git_commit",
        "summary.git_dirty", "summary.run_id", "summary.started_at",
    }  # fmt: skip
    assert found.reading.dependencies == ()
    assert found.codes == []


def test_empty_texts_are_no_claims(read_one):
    """The producer writes an empty text for what is absent."""
    found = read_one(FILE, metadata(config="", run_name="", created_at=""))
    assert {"config.pipeline_config", "summary.started_at"} & set(found.claims) == set()


def test_null_environment_is_a_claim_and_a_wrong_one_is_not(read_one):
    """Without conda the producer writes null; a list is nothing that it writes."""
    recorded = read_one(FILE, metadata(upstream={"conda_env": None}))
    assert recorded.claims["summary.conda_env"] is None
    odd = read_one(FILE, metadata(upstream={"conda_env": ["ms"]}))
    assert "summary.conda_env" not in odd.claims
    assert odd.codes == ["unexpected-type"]


def test_library_that_failed_to_import_is_not_installed(read_one):
    """Its error is kept."""
    error = "ModuleNotFoundError: No module named 'vllm'"
    found = read_one(FILE, metadata(upstream={"vllm": {"error": error}, "torch": {}}))
    by_name = {item.name: item for item in found.reading.dependencies}
    assert (by_name["vllm"].state, by_name["vllm"].note) == ("not_installed", error)
    assert (by_name["torch"].state, by_name["torch"].version) == ("present", None)
    assert "summary.torch" not in found.claims


def test_same_wrong_type_is_told_once(read_one):
    """A value is asked for several times and reported once."""
    assert read_one(FILE, metadata(git_sha=5)).codes == ["unexpected-type"]


def test_status_entries_of_other_types_are_told(read_one):
    """An entry that is no text does not vanish silently."""
    found = read_one(FILE, metadata(git_status_porcelain=["?? a", 7]))
    assert found.reading.repositories[0].status == ("?? a",)
    assert found.codes == ["unexpected-type"]
