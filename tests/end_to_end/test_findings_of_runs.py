"""What the audit says of the runs in `fixtures/runs`, each finding argued for."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.findings import Audited, compare, error, runs_of, warning

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "RA104 RA105 RA302"
"""No GPU named, no list of packages, no commit: what most runs do not record."""

SOURCES = "config_source.yaml"
YAML_1_1 = (
    # The authors' 1e-2 and 5e-3 have no point: PyYAML made text of them, which the trainer got.
    warning("RA204", "base_config_source.yaml", "/training/weight_decay", '"1e-2"; YAML 1.2'),
    warning("RA204", SOURCES, "/training/learning_rate", '"5e-3"; YAML 1.2 says 0.005'),
)
DIRTY = warning(
    # git_dirty is true and lists three entries; no artifact holds a diff.
    "RA301", "run_metadata.json", "/git_sha", "CoordExp was dirty at 36dabb4dac84 (3 entries"
)  # fmt: skip
TABLE: dict[str, Audited] = {
    "ai_studio-completed/input/exp-52f003c5": Audited(
        (
            # The callback writes before Lightning has reduced the epoch's own values.
            warning("RA504", "metrics.json", "/epochs/0", "(train_accuracy, train_loss, val_accu"),
        ),
        f"RA103 RA106 {UNKNOWN}",
    ),
    "codex_ml-context/input/20261127-031058-toy-ctx": Audited(
        (
            # The checkpoint says one PyTorch, the tracker's list of packages another.
            warning(
                "RA201", "checkpoints/epoch-0001/metadata.json", "/environment/torch_version",
                'summary.torch is "2.9.0+cu128" here and "2.13.0+cpu" in wandb/',
            ),
            # And neither of the two packages that the lock and the list share is the locked one.
            warning(
                "RA702", "wandb/offline-run-20261127_031502-toyctx01/files/requirements.txt", "L2",
                "2 of 2 locked packages differ",
            ),
        ),
        "RA104",
    ),
    # A token stands in the printed arguments. The start has a zone and the end has none.
    "coordexp-2026-01/input/v0-20261122-093646/epoch_4-pure_ce-LRs-2e-4_1e-4@tiny": Audited(
        (warning("RA901", "train.log", "L2", "in clear (hf-token)"),),
        "RA104 RA105 RA404 RA704",
    ),
    # A run that went well: the authors' YAML and their token are all there is to say.
    "coordexp-clean/input/stage1_tiny_ce/v0-20261122-093236": Audited(
        (*YAML_1_1, warning("RA901", SOURCES, "L64", "in clear (hf-token)")),
        "RA014 RA104 RA105",
    ),
    "coordexp-infer/input/tiny_val": Audited((), "RA105 RA409 RA704"),
    "coordexp-killed/input/stage1_tiny_ce/v0-20261122-093548": Audited(
        (
            # Three artifacts that the contract requires and that the kill cut: nothing at all,
            # half a row, and 40 bytes of a record at the end of 8,602.
            error("RA003", "experiment_manifest.json", "", "the document is empty"),
            error("RA003", "logging.jsonl", "L8", "ends inside this line"),
            error(
                "RA003", "runs/events.out.tfevents.1795311371.trainhost.11575.0", "byte 8562",
                "(40 bytes of it are there)",
            ),
            *YAML_1_1,
            warning("RA901", SOURCES, "L39", "in clear (hf-token)"),
            DIRTY,
            # The heartbeat is optional, so its torn end is no more than a warning.
            warning("RA003", "train_heartbeat.rank0.jsonl", "L19", "ends inside this line"),
        ),
        "RA014 RA104 RA105 RA408",
    ),
    # Resumed at step 21: what the first attempt wrote from there on is superseded, a note.
    "coordexp-resumed/input/stage1_tiny_ce/v0-20261122-093352": Audited(
        (*YAML_1_1, warning("RA901", SOURCES, "L39", "in clear (hf-token)"), DIRTY),
        "RA014 RA104 RA105 RA506",
    ),
    "hf_trainer-clean/input/tiny-clm": Audited((), f"RA106 {UNKNOWN}"),
    # Lightning writes no word of its end.
    "lightning-plain/input/tiny/lightning_logs/version_0": Audited(
        (), f"RA103 RA106 RA409 {UNKNOWN}"
    ),
    "lightning-plain/input/tiny/lightning_logs/version_1": Audited(
        (), f"RA103 RA106 RA409 {UNKNOWN}"
    ),
    # Out of memory in its third step: the conversion and the evaluation were never reached.
    "llmrunner-failed/input": Audited((), f"RA407 RA408 {UNKNOWN}"),
    "llmrunner-pipeline/input": Audited((), UNKNOWN),
    "ms_swift-plain/input/tiny-sft/v0-20261122-093810": Audited(
        (
            # The learning rate drove the loss to NaN at step 10 of 20; the state has the curve,
            # the log alone has the mean over the whole training.
            warning(
                "RA507", "checkpoint-20/trainer_state.json", "",
                "loss ends in NaN from step 10 on (11 of 20 points are not finite)",
            ),
            warning("RA507", "logging.jsonl", "", "train_loss is never finite (1 point)"),
        ),
        f"RA704 {UNKNOWN}",
    ),
    "run_experiment-sweep/input/words_sweep_2026-11-26/Tiny-1B-Instruct_base": Audited(
        (), "RA105 RA704"
    ),
    "run_experiment-sweep/input/words_sweep_2026-11-26/rank8_lr1e-4": Audited(
        (
            # The second job printed half the batch size that the setup still asks for.
            warning("RA202", "setup_finetune.yaml", "/batch_size", "batch size 4 against 2"),
        ),
        f"RA506 RA704 {UNKNOWN}",
    ),
    "run_experiment-sweep/input/words_sweep_2026-11-26/rank64_lr1e-4": Audited(
        (), f"RA407 RA408 RA704 {UNKNOWN}"
    ),
}  # fmt: skip


def test_findings(fixture_run: Path) -> None:
    """Errors, warnings and the rules of notes, exactly."""
    root = fixture_run.parent.parent
    home = fixture_run.relative_to(root).as_posix()
    table = {
        name: item for name, item in TABLE.items() if name == home or name.startswith(f"{home}/")
    }
    compare(runs_of(fixture_run, root), table)


def test_every_fixture_is_in_the_table() -> None:
    """No run of the fixtures is left out, none is gone."""
    homes = {path.name for path in (ROOT / "fixtures" / "runs").iterdir() if path.is_dir()}
    assert {name.partition("/")[0] for name in TABLE} == homes
