"""What was installed, as pip and conda print it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("pip_freeze", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "pip_freeze")


def test_empty_list_tells_that_pip_failed(read_one):
    """No package is not the same as not recorded."""
    found = read_one("provenance/pip-freeze.txt", b"")
    assert found.match == "yes"
    (problem,) = found.reading.problems
    assert (problem.code, "failed" in problem.hint) == ("empty", True)


def test_direct_reference_and_editable(read_one):
    """Neither has a version; an editable one of a repository has a commit."""
    commit = "9c1e7f0b6a52d4c83e11f7f0d0a4b5c6d7e8f901"
    found = read_one(
        "pip-freeze.txt",
        f"-e git+https://me:pw@example.invalid/codex.git@{commit}#egg=codex_ml\n"
        "torch @ file:///wheels/torch-2.9.0-cp311-cp311-linux_x86_64.whl\n",
    )
    first, second = found.reading.dependencies
    assert (first.name, first.version, first.commit) == ("codex_ml", None, commit)
    assert (
        first.note == f"editable, from git+https://example.invalid/codex.git@{commit}#egg=codex_ml"
    )
    assert (second.name, second.version) == ("torch", None)
    assert second.note == "from file:///wheels/torch-2.9.0-cp311-cp311-linux_x86_64.whl"


def test_environment_that_wandb_exported(read_one):
    """`conda-environment.yaml` lists what was installed, pip's part included."""
    text = "dependencies:\n- python=3.11.9=h1\n- pip:\n  - idna==3.10\n"
    found = read_one("files/conda-environment.yaml", text)
    assert [(i.name, i.version, i.kind) for i in found.reading.dependencies] == [
        ("python", "3.11.9", "installed"),
        ("idna", "3.10", "installed"),
    ]
