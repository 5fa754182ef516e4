"""A checkpoint is there, and the weights are not in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings, Severity
from archiver.model.record import Checkpoint, FileEntry
from tests.rules.made import copied, entry, hits, problem

NAME = "checkpoint-without-weights"
Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def saved(path: str, *tags: str) -> Checkpoint:
    """A checkpoint's directory."""
    return Checkpoint(at=Location(path), path=path, tags=tags, present=True)


@pytest.mark.parametrize(
    "name",
    [
        "config.json", "trainer_state.json", "tokenizer.model", "training_args.bin", "README.md",
        "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state_0.pth", "latest",
        "rng.json", "state.sha256", "zero_to_fp32.py", "merges.txt",
    ],
)  # fmt: skip
def test_what_is_known_to_be_no_weights(name: str) -> None:
    """A directory of nothing else is no checkpoint that can be loaded."""
    files = [f"a/{name}", "b/model.safetensors"]
    (hit,) = hits(NAME, files, checkpoints=(saved("a", "last"), saved("b")))
    assert hit.message == "1 of 2 checkpoints holds no weights: the last checkpoint a (1 file)"
    assert (hit.at, hit.severity) == (Location("a"), None)


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors", "pytorch_model.bin", "adapter_model.bin", "adapter_model.safetensors",
        "model-00001-of-00002.safetensors", "mp_rank_00/model_optim_rng.pt", "__0_0.distcp",
        "global_step20/mp_rank_00_model_states.pt", "optimizer_0/__0_0.distcp",
        "global_step20/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt", "state.pt", "weights",
        "word2vec.model", "model.gguf", "rng_state_final_weights.pth",
    ],
)  # fmt: skip
def test_what_may_be_weights(name: str) -> None:
    """Shards, adapters, states that hold a copy of the weights, and whatever nobody knows."""
    assert hits(NAME, [f"a/{name}", "a/config.json"], checkpoints=(saved("a"),)) == []


@pytest.mark.parametrize("kind", ["symlink", "directory", "device"])
def test_what_was_not_looked_into(kind: str) -> None:
    """A link may lead to weights, and an unreadable directory may hold them."""
    files = [entry("a/config.json"), FileEntry("run", "a/config.txt", kind)]
    assert hits(NAME, files, checkpoints=(saved("a"),)) == []


def test_of_a_run_without_weights() -> None:
    """Where none is left, somebody removed them: a note, and all of them together."""
    names = [f"checkpoint-{n}" for n in range(1, 9)]
    files = [f"{name}/trainer_state.json" for name in names]
    (hit,) = hits(NAME, files, checkpoints=tuple(map(saved, names)))
    assert hit.severity is Severity.NOTE
    assert hit.message.startswith("no checkpoint of the run holds weights: checkpoint-1 (1 file), ")
    assert hit.message.endswith(" and 3 more")
    assert [place.at.path for place in hit.related] == names[1:6]


def test_what_is_no_directory_here() -> None:
    """Single files, what is not there, what lies beside the run, and like beginnings."""
    gone = Checkpoint(at=Location("log"), path="gone", present=False)
    other = Checkpoint(at=Location("", scope="experiment"), path="a", present=True)
    files = ["epoch-1.pt", "ab/config.json", "a/config.json"]
    assert hits(NAME, files, checkpoints=(saved("epoch-1.pt"), gone, other)) == []


def test_a_checkpoint_in_another() -> None:
    """What lies in the inner one lies in the outer one, too."""
    both = (saved("a"), saved("a/b"))
    assert hits(NAME, ["a/b/model.bin", "a/config.json"], checkpoints=both) == []
    (hit,) = hits(NAME, ["a/model.bin", "a/b/config.json"], checkpoints=both)
    assert hit.at.path == "a/b"


def test_one_that_is_known_not_to_be_whole() -> None:
    """That finding says more."""
    known = problem("incomplete-checkpoint", "it is not whole", "a")
    assert hits(NAME, ["a/config.json"], checkpoints=(saved("a"),), problems=(known,)) == []


def test_weights_that_were_removed(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A clean-up by size takes the largest file of a checkpoint."""
    before, after = copied("checkpoint_without_weights/quiet-all-there", tmp_path)
    (after / "tiny-clm" / "checkpoint-20" / "model.safetensors").unlink()
    found = new_findings(audited(before), audited(after))
    assert [(item.name, str(item.at)) for item in found] == [(NAME, "checkpoint-20")]
