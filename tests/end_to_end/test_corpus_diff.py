"""Real runs compared, area by area: what is told as significant, read by eye."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archiver.diff.comparing import compare
from archiver.diff.options import RunData
from archiver.model.differences import Area, Comparison
from tests.end_to_end.compared import runs_of

Read = Callable[[Path], list[RunData]]
FIXTURES = sorted(Path(__file__).resolve().parents[2].glob("fixtures/runs/*/input"))


@pytest.fixture
def read() -> Iterator[Read]:
    """Read every run of a directory with its files and points."""
    with ExitStack() as held:
        yield lambda path: [*runs_of(path, held).values()]


def significant(comparison: Comparison, area: Area) -> list[tuple[str, object, object]]:
    """Field and sides of what matters of an area."""
    return [(item.field, item.a, item.b) for item in comparison.significant if item.area is area]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_a_run_is_identical_to_itself(read: Read, path: Path) -> None:
    """Read twice, too."""
    for one, other in zip(read(path), read(path), strict=True):
        comparison = compare(one, other)
        assert comparison.differences == ()
        assert comparison.cautions == ()


def test_ranks_of_adapters(corpus: Path, read: Read) -> None:
    """Two LoRA runs of one experiment: rank and alpha, and what came of them."""
    _, rank4, rank8 = read(corpus / "run_experiment" / "cap_rank_2026-06-20")
    comparison = compare(rank4, rank8)
    assert significant(comparison, Area.CONFIG) == [
        ("lora_alpha", 8, 16),
        ("r", 4, 8),
        ("eval:capitalization_epoch0.task", "capitalization_rank4", "capitalization_rank8"),
        ("eval:capitalization_epoch1.task", "capitalization_rank4", "capitalization_rank8"),
    ]
    metrics = [item for item in comparison.significant if item.area is Area.METRICS]
    assert [(item.role, item.field, item.direction.value) for item in metrics] == [
        ("final", "eval_loss", "better"),
        ("best", "train.loss", "better"),
        ("final", "train.loss", "better"),
    ]
    weights = [item.field for item in comparison.significant if item.area is Area.FILES]
    assert weights == ["artifacts/epoch_0", "artifacts/epoch_1"]
    assert {item.area for item in comparison.significant} == {
        Area.CONFIG, Area.METRICS, Area.FILES,
    }  # fmt: skip
    assert comparison.cautions == (
        "both runs are of one seed (14): what another seed would change is not known",
    )
    assert comparison.not_compared["code"] == "neither run records its code"


def test_resumed_run_against_the_clean_one(corpus: Path, read: Read) -> None:
    """CoordExp: fewer steps, a resume, no version directory; no path, stamp or printed object."""
    (clean,), (resumed,) = (
        read(corpus / "coordexp" / name) for name in ("01-clean-head", "07-resumed")
    )
    found = significant(compare(clean, resumed), Area.CONFIG)
    assert [field for field, _, _ in found] == [
        "max_steps",
        "resume_from_checkpoint",
        "extends",
    ]
    assert found[0][1:] == (60, 50)
    metrics = [item for item in compare(clean, resumed).significant if item.area is Area.METRICS]
    told = {(item.field, item.role): (item.a, item.b, item.direction.value) for item in metrics}
    assert told["eval_loss", "at step 40"] == (3.7844083309173584, 4.002674579620361, "worse")
    assert not any(
        significant(compare(clean, resumed), area)
        for area in (Area.DATA, Area.CODE, Area.DEPENDENCIES, Area.ENVIRONMENT)
    )


def test_edited_lock(corpus: Path, read: Read) -> None:
    """One package of a lockfile is another version, and that is all."""
    (one,), (other,) = (
        read(corpus / "codex_ml" / name) for name in ("lock-match", "lock-mismatch-edited")
    )
    (found,) = compare(one, other).significant
    assert (found.area, found.role, found.field) == (Area.DEPENDENCIES, "locked", "numpy")
    assert (found.a, found.b, found.direction.value) == ("2.3.4", "2.3.5", "upgraded")


def test_settings_of_two_lightning_runs(corpus: Path, read: Read) -> None:
    """Everything that somebody chose otherwise, the learning rate first."""
    (one,), (other,) = (
        read(corpus / "lightning" / name)
        for name in ("aistudio-completed", "aistudio-early-stopped")
    )
    assert significant(compare(one, other), Area.CONFIG) == [
        ("learning_rate", 0.012, 0.02),
        ("batch_size", 8, 4),
        ("max_epochs", 8, 40),
        ("optimizer", "adam", "adamw"),
        ("gamma", 0.1, 0.5),
        ("scheduler", "cosine", "step"),
        ("warmup_epochs", 2, 0),
        ("hardware.precision", "16-mixed", "32"),
        ("early_stopping_patience", 0, 3),
        ("hardware.selected_devices", ["gpu:0", "cpu"], ["cpu"]),
        ("step_size", 10, 5),
    ]


def test_steps_of_pipelines(corpus: Path, read: Read) -> None:
    """LLMRunner: the training step is the third of one pipeline and the second of the other."""
    (one,), (other,) = (
        read(corpus / "llmrunner" / name) for name in ("full_success", "train_failed_oom")
    )
    found = significant(compare(one, other), Area.CONFIG)
    assert [item for item in found if item[0].startswith("train_cpt.")][:5] == [
        ("train_cpt.global_batch_size", "32", "64"),
        ("train_cpt.train_iters", "200", "500"),
        ("train_cpt.seq_length", "1024", "4096"),
        ("train_cpt.TRAIN_CMD.nproc_per_node", "1", "2"),
        ("train_cpt.tensor_model_parallel_size", "1", "2"),
    ]
