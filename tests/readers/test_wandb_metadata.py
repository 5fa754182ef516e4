"""W&B's metadata: both shapes of sizes, and no statement about the end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("wandb_metadata", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "wandb_metadata")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "wandb_metadata")


def test_state_is_no_evidence(read_one):
    """`state: running` stands in finished runs, too."""
    found = read_one("wandb-metadata.json", {"os": "Linux", "host": "a", "state": "running"})
    assert found.kinds == []


def test_sizes_of_both_shapes(read_one):
    """Floats are GiB, texts and integers are bytes; nonsense is left out."""
    sizes = {"a": 1.5, "b": "3221225472", "c": 1073741824, "d": "many", "e": True}
    disks = {name: {"total": size} for name, size in sizes.items()}
    found = read_one("wandb-metadata.json", {"os": "x", "host": "y", "disk": disks})
    assert found.reading.extras["machine"] == {
        "disk_gib a": 1.5,
        "disk_gib b": 3.0,
        "disk_gib c": 1.0,
    }


def test_version_of_the_driver_is_not_that_of_cuda(read_one):
    """`cuda` is the toolkit; `cudaVersion` is what the driver could do."""
    found = read_one("wandb-metadata.json", {"os": "x", "host": "y", "cudaVersion": "12.4"})
    assert "summary.cuda" not in found.claims
    found = read_one("wandb-metadata.json", {"os": "x", "host": "y", "cuda": "11.3.1"})
    assert found.claims["summary.cuda"] == "11.3.1"


def test_no_program_is_no_command(read_one):
    """An interactive interpreter had no program."""
    value = {"os": "x", "program": "<python with no main file>", "executable": "/usr/bin/python3"}
    found = read_one("wandb-metadata.json", value)
    assert "repro.run" not in found.claims
    assert found.reading.steps[0].command is None


def test_windows_paths(read_one):
    """The conda environment is read off a Windows path as well."""
    value = {"os": "Windows-10", "host": "x", "executable": "D:\\Anaconda\\envs\\ctx\\python.exe"}
    assert read_one("wandb-metadata.json", value).claims["summary.conda_env"] == "ctx"
