"""What the audit says of the corpus of real runs, each finding argued for."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.policy import Policy
from archiver.workflows import validating
from tests.end_to_end.findings import NOW, Audited, Told, compare, error, runs_of, warning

UNKNOWN = "RA104 RA105 RA302"
"""No GPU named, no list of packages, no commit: what most runs do not record."""
BARE = f"RA103 RA106 {UNKNOWN}"
"""Neither a seed nor the data: what a trainer's or a tracker's own files leave out."""
CURVES = f"RA107 RA409 {BARE}"
"""Nothing but curves: no configuration, no word of an end."""

LATE_9 = warning(
    # The callback runs before Lightning has reduced the epoch's values: the second record holds
    # train_* and val_accuracy and its like of the first epoch, by Lightning's own log.
    "RA504", "metrics.json", "/epochs/0", "9 metrics of each record are those of the epoch before"
)  # fmt: skip
LATE_1 = warning(
    # Here the step's own loss is on time; only the mean over the epoch is late.
    "RA504", "metrics.json", "/epochs/0", "1 metric of each record is that of the epoch before"
    " (train_loss_epoch)",
)  # fmt: skip
CSV = "lightning_logs/version_0/metrics.csv"


def overruled(*settings: str) -> Told:
    """The tiny runs' driver gave ms-swift other arguments than the configuration resolves to."""
    return warning(
        "RA202", "resolved_config.json", f"/resolved/training/{settings[0]}", settings[1]
    )


CODEX = {
    "codex_ml/eval-run": Audited(),
    "codex_ml/ext-rotated-3shards": Audited(
        (
            # The last two of 62 values written are infinite.
            warning(
                "RA507", "tb/events.out.tfevents.1795301190.trainer-01", "",
                "train/loss ends in Infinity from step 61 on (2 of 62 points",
            ),
            # uv.lock pins 3.0.3, the tracker saw 3.0.4; likewise certifi, numpy, typing_extensions.
            warning(
                "RA702", "wandb/offline-run-20261121_223655-6ph91tit/files/requirements.txt",
                "L69", "MarkupSafe 3.0.4 (locked: 3.0.3), certifi",
            ),
            warning(
                "RA507", "wandb/offline-run-20261121_223655-6ph91tit/run-6ph91tit.wandb", "",
                "eval/bad is never finite (6 points)",
            ),
            # The tracker's run was of another configuration than config.json.
            warning(
                "RA202", "wandb/offline-run-20261121_223655-6ph91tit/run-6ph91tit.wandb",
                "byte 91", "learning rate 5e-05 against 0.25",
            ),
        ),
        # The index keeps one checkpoint (top_k) of the three that lie there.
        "RA104 RA602",
    ),
    "codex_ml/functional-train": Audited(
        (
            warning(
                # Its last row says Infinity.
                "RA507", "mlflow/metrics.ndjson", "", "final/perplexity is never finite (1 point)"
            ),
        ),
        "RA106",
    ),
    "codex_ml/legacy-ndjson": Audited(
        # One row of params.ndjson: config.seed is 1 and derived.seed is 2.
        (warning("RA202", "params.ndjson", "L1", "seed 1 against 2"),),
        f"RA409 {UNKNOWN}",
    ),
    "codex_ml/lock-match": Audited((), "RA103 RA104 RA107 RA409"),
    "codex_ml/lock-mismatch-edited": Audited(
        (
            # The lock was edited after its digest was recorded.
            warning(
                "RA701", "checkpoints/epoch-0001/run_manifest.json", "/lock_sha256",
                "uv.lock has sha256 18c8f9b026fe…, the one recorded is 3404d711cfc2…",
            ),
        ),
        "RA103 RA104 RA107 RA409",
    ),
    "codex_ml/lock-null-git-null": Audited((), f"RA103 RA107 RA409 {UNKNOWN}"),
    "codex_ml/malformed-truncated-nan": Audited(
        (
            # Numbers as text, a step that is null, tags that are null or missing, ...
            error("RA001", "metrics.ndjson", "L8!/value", 'found string "NaN" (3 rows'),
            # A row that breaks off in its middle, though others follow.
            error("RA004", "metrics.ndjson", "L14", "Expecting ':' delimiter"),
            # A list, a text, a number and null, where rows should be.
            error("RA006", "metrics.ndjson", "L19", "no object (and 3 more of this kind)"),
            # A block of zeros before a row, as a lost page leaves it; and the torn last row.
            error("RA003", "metrics.ndjson", "L25", "NUL bytes"),
            error("RA003", "metrics.ndjson", "L68", "ends inside this line"),
            # The row of step 2 was written again after that of step 33.
            warning("RA403", "metrics.ndjson", "", "go back by 31 s between steps 2 and 3"),
            # NaN, Infinity and -Infinity at steps 5 to 7, 1e999 at 29; what is text or no number at
            # all (steps 8, 9, 21) is no point of the curve.
            warning("RA507", "metrics.ndjson", "", "loss recovers (4 of 52 points"),
            # Four rows that are no objects and one that is no JSON; the torn end does not count.
            warning("RA510", "metrics.ndjson", "", "5 of 69 records could not be read"),
            # These rows were used, by a choice that another reader may make otherwise.
            warning("RA009", "metrics.ndjson", "L15", "2 objects on one line"),
            warning("RA004", "metrics.ndjson", "L23", "no UTF-8"),
            warning("RA009", "metrics.ndjson", "L24", "repeated key"),
            warning("RA006", "metrics.ndjson", "L34", "too large for a double"),
        ),
        # The byte order mark is the note RA009.
        f"RA009 RA107 RA408 {BARE}",
    ),
    "codex_ml/tensorboard-variants/corrupt_crc": Audited(
        (
            # One record's checksum is wrong; those behind it are read.
            error(
                "RA004", "events.out.tfevents.1795301190.trainer-01", "byte 1488", "wrong CRC"
            ),
            warning(
                "RA507", "events.out.tfevents.1795301190.trainer-01", "", "(2 of 61 points"
            ),
        ),
        CURVES,
    ),
    # A second file begins again at step 40 of the first.
    "codex_ml/tensorboard-variants/restart": Audited((), f"RA506 {CURVES}"),
    "codex_ml/tensorboard-variants/simple_value": Audited(
        (
            warning(
                "RA507", "events.out.tfevents.1795301190.trainer-01", "", "(2 of 62 points"
            ),
        ),
        CURVES,
    ),
    "codex_ml/tensorboard-variants/tensor_v2": Audited((), CURVES),
    "codex_ml/tensorboard-variants/truncated": Audited(
        (
            # Cut within the last record; the two infinite values stand before it.
            error(
                "RA003", "events.out.tfevents.1795301190.trainer-01", "byte 3328", "(87 bytes of"
            ),
            warning(
                "RA507", "events.out.tfevents.1795301190.trainer-01", "", "(2 of 62 points"
            ),
        ),
        CURVES,
    ),
}  # fmt: skip

MLFLOW_NAN = (
    # Each holds one value, NaN; the finding names both files.
    warning("RA507", "metrics/eval/perplexity", "", "nan_metric is never finite (1 point)"),
)
MLFLOW = {
    f"{home}/mlruns/789041706871322352/{run}": audited
    for home in ("codex_ml/ext-rotated-3shards/artifacts", "codex_ml/mlflow-filestore-3.17.2")
    for run, audited in {
        "5d47153036ca499489bf666f7bbcb74b": Audited(MLFLOW_NAN, BARE),
        # Deleted in MLflow, which keeps the files.
        "5dfed0e8cdfe42ddb96afdeec12e02a0": Audited(MLFLOW_NAN, f"RA013 {BARE}"),
        "8b3d6199d30f4b79b8cb99c40fe9dabd": Audited((), f"RA107 {BARE}"),
        "aac52b45b9794fd69007d819987582a9": Audited(MLFLOW_NAN, BARE),
        "e50547be8c6f48a8bac5505da04064d2": Audited((), f"RA107 RA408 {BARE}"),
    }.items()
}

WANDB = {
    f"codex_ml/wandb-offline-matrix/wandb-{version}/wandb/offline-run-{run}": Audited(
        # Each version logged NaN six times under this key.
        (warning("RA507", f"run-{run[-8:]}.wandb", "", "eval/bad is never finite (6 points)"),),
        f"RA103 RA104 RA106 RA302 {packages}",
    )
    for version, run, packages in (
        ("0.12.21", "20261121_223955-8re9pzed", ""),
        ("0.15.12", "20261121_224045-qet0jzmm", ""),
        # The only one without a requirements.txt.
        ("0.16.6", "20261121_223849-q2hf2frk", "RA105"),
        ("0.19.11", "20261121_224141-6kw5pjjo", ""),
        ("0.31.0", "20261121_223655-6ph91tit", ""),
    )
}

COORDEXP = {
    # Clean but for the driver, which trains the tiny model with its own arguments: true of it.
    "coordexp/01-clean-head/stage1_mini_pure_ce/v0-20261121-224041": Audited(
        (overruled("per_device_train_batch_size", "batch size per device 1 against 4"),),
        # Of all these copies the weights were left out, which is RA607's note.
        "RA014 RA104 RA105 RA607",
    ),
    # No git, no YAML: notes, and no word about what this run never had.
    "coordexp/03-no-yaml-no-git-no-eval/stage1_mini_noyaml": Audited(
        (overruled("learning_rate", "0.0002 against 0.002"),), UNKNOWN
    ),
    "coordexp/04-old-2026-01/v0-20261121-224906/"
    "epoch_4-pure_ce-LRs-2e-4_1e-4_4e-4-from-base-4B": Audited((), "RA104 RA105 RA404 RA607 RA704"),
    "coordexp/06-crashed-truncated/stage1_mini_resume/v0-20261121-224533": Audited(
        (
            # Five required files that were cut: empty, half a row, inside an object (877 bytes
            # are left), inside a record, and one byte.
            error("RA003", "experiment_manifest.json", "", "the document is empty"),
            error("RA003", "logging.jsonl", "L8", "ends inside this line"),
            error("RA003", "run_metadata.json", "L25:2", "breaks off (Expecting ',' delimiter"),
            error(
                "RA003", "runs/events.out.tfevents.1795301160.gpu-worker-01.8332.0", "byte 8548",
                "(36 bytes of it are there)",
            ),
            error("RA003", "train_data_provenance.json", "L1:2", "breaks off"),
            overruled("per_device_train_batch_size", "steps 60 against 50"),
            # Optional, so a warning.
            warning("RA003", "train_heartbeat.rank0.jsonl", "L26", "ends inside this line"),
        ),
        "RA014 RA104 RA105 RA408 RA607",
    ),
    "coordexp/07-resumed/stage1_mini_resume/v0-20261121-224533": Audited(
        (overruled("per_device_train_batch_size", "steps 60 against 50"),),
        "RA014 RA104 RA105 RA506 RA607",
    ),
    "coordexp/09-infer-eval/mini_val": Audited((), "RA105 RA409 RA704"),
}  # fmt: skip

LIGHTNING = {
    "lightning/aistudio-completed": Audited((LATE_9,), BARE),
    "lightning/aistudio-early-stopped": Audited((LATE_9,), BARE),
    "lightning/aistudio-failed-exception": Audited((LATE_9,), f"RA408 {BARE}"),
    "lightning/aistudio-killed-midway": Audited(
        (
            # Killed while it wrote: its temporary file is half a document, ...
            warning(
                "RA003", ".metrics.json.a37b247598a44e08a06f4bed612675a4.tmp", "L38:32",
                "breaks off",
            ),
            # ... which also shows that `training` is not how it ended.
            warning("RA401", "experiment.json", "/status", 'the last word is still "training"'),
            LATE_9,
        ),
        f"RA408 {BARE}",
    ),
    "lightning/aistudio-nan-infinity": Audited(
        (
            # A learning rate of 2e20. That experiment.json is no JSON for it is a note.
            warning("RA507", CSV, "", "train_loss ends in NaN from step 1 on (5 of 6 points"),
            LATE_9,
        ),
        f"RA507 {BARE}",
    ),
    # Weights that name code, and hparams.yaml with Python's tags and a text 1e3: notes.
    "lightning/plain-lightning/lightning_logs/version_0": Audited(
        (), f"RA009 RA204 RA409 RA902 {BARE}"
    ),
    "lightning/plain-lightning/lightning_logs/version_1": Audited(
        # last.ckpt was a link; what was copied is a text of its target.
        (warning("RA018", "checkpoints/last.ckpt", "", "the name dataloader_idx_0=0.199.ckpt"),),
        f"RA009 RA204 RA409 RA902 {BARE}",
    ),
    "lightning/runjson-completed-mae-min": Audited(
        (
            # -Infinity once, at the second epoch of seven.
            warning("RA507", CSV, "", "val_min_margin recovers (1 of 7 points is not finite)"),
            LATE_1,
        ),
        BARE,
    ),
    "lightning/runjson-failed-exception": Audited(
        (
            # It failed in the epoch after.
            warning("RA507", CSV, "", "val_min_margin ends in -Infinity from step 7 on (1 of 2"),
            LATE_1,
        ),
        f"RA408 {BARE}",
    ),
}  # fmt: skip

LLMRUNNER = {
    # Nothing was executed: there is nothing to miss.
    "llmrunner/dry_run_only": Audited(),
    "llmrunner/full_success": Audited((), UNKNOWN),
    "llmrunner/legacy_env_flat": Audited(),
    "llmrunner/train_failed_oom": Audited((), f"RA407 RA408 {UNKNOWN}"),
}

NEURONS = {
    f"public/lightning-csv__manuel-rhdt__ml-pws/neurons/neuron_{number}": Audited(
        # A correlation that is nan in every row that has one.
        (warning("RA507", "metrics.csv", "", "corr is never finite (10 points)"),)
        if number == 2
        else (),
        f"RA409 {BARE}",
    )
    for number in (0, 1, 2, 3, 10, 57, 101, 200)
}
CONTEXT = "public/wandb__IvLabs__context_enhancement/wandb/run"
LEFT_RUNNING = {
    # No exit record, no traceback that ends the output, and years have passed.
    f"{CONTEXT}-{run}": Audited(
        (warning("RA402", f"run-{run[-8:]}.wandb", "byte 17", "the last sign of life is 2022-03"),),
        "RA103 RA106",
    )
    for run in (
        "20220314_143035-2sjmj13q", "20220314_144313-1r9giztf", "20220314_145654-3lre7lk3",
        "20220314_151133-3c67s0in", "20220314_151305-2w3zwz8t", "20220314_151429-1fuhi2pp",
        "20220314_151931-ac8gy287", "20220314_160240-1u15e8i3", "20220314_162054-23a3pmae",
        "20220314_225428-1tbngd49", "20220315_000030-3i2ltl8i", "20220315_003020-3a6mnmnn",
        "20220315_010428-5m6bnb14", "20220315_011543-2h41rm9i", "20220327_171805-6k2yiw4s",
    )
}  # fmt: skip
TORN = {
    # The file ends inside a record; its header says how much is missing.
    f"{CONTEXT}-{run}": Audited(
        (error("RA003", f"run-{run[-8:]}.wandb", f"byte {at}", f"ends {missing} bytes before"),),
        "RA103 RA106 RA408",
    )
    for run, at, missing in (
        ("20220315_012746-13x89xbb", 7923, 280),
        ("20220317_090414-283wh5ic", 7598, 592),
        ("20220325_232709-1uvovpmg", 3939, 177),
        ("20220325_233805-jb82kk3e", 3897, 541),
    )
}
PUBLIC = {
    "public/hf__Fujump__qlora/output": Audited((), f"RA107 {BARE}"),
    "public/inspect-eval__asapsav__teormineval-sample-review": Audited((), "RA105"),
    **NEURONS,
    "public/megatron-baseline__Ascend__MindSpeed-LLM": Audited((), "RA409"),
    "public/megatron-golden__NVIDIA__Megatron-LM": Audited((), "RA409"),
    "public/megatron-tb__NVIDIA__Megatron-LM/1n_gbs16_localattn": Audited((), f"RA409 {UNKNOWN}"),
    "public/swift2__TangBinghao__swift/20240705-152502": Audited(
        # The log alone was kept; ms-swift writes its arguments before it.
        (
            error("RA101", "", "", "ms-swift's run has no ms_swift.args"),
            # Two ranks wrote each row: losses are the same in both, speeds and times are not.
            warning(
                "RA509",
                "logging.jsonl",
                "",
                "14790 of 29585 points of 10 series repeat a step that was written before; 3 of",
            ),
        ),
        f"RA107 {BARE}",
    ),
    **LEFT_RUNNING,
    **TORN,
    f"{CONTEXT}-20220327_171935-1rof3sg8": Audited(
        # Of the run's own file there is no byte.
        (error("RA003", "run-1rof3sg8.wandb", "", "the file is empty"),),
        "RA103 RA106 RA409",
    ),
}

FAILURES = "run_experiment/cap_failures_2026-05-20"
RANKS = "run_experiment/cap_rank_2026-06-20/Llama-3.2-1B-Instruct"
LEGACY = "run_experiment/legacy_2025-12"
RUN_EXPERIMENT = {
    f"{FAILURES}/cancelled_by_admin": Audited((), f"RA407 RA408 RA704 {UNKNOWN}"),
    f"{FAILURES}/lr1e-2": Audited(
        (
            # Training went well; the second epoch's evaluation died at its last sample.
            warning(
                "RA804",
                "eval/capitalization_epoch1/logs/"
                "2026-11-21T22-51-13-00-00_capitalization-lr1e-2_87ULkCZdRgSMkYvwCwEfMr.eval",
                "header.json!", "failed after 9 of 10 samples: RuntimeError('CUDA error",
            ),
        ),
        f"RA704 {UNKNOWN}",
    ),
    f"{FAILURES}/oom_bs4": Audited(
        (
            # The retry after the first job ran out of memory halved the batch.
            warning(
                "RA202", "experiment:experiment_summary.yaml", "/controls/batch_size",
                "batch size 4 against 2",
            ),
            # The node went down under the evaluation, which left no log.
            warning(
                "RA803", "experiment:logs/run-inspect.state.json",
                "/oom_bs4~1eval~1capitalization_epoch0~1cell.slurm/state",
                "was interrupted before it had any score",
            ),
        ),
        f"RA704 RA805 {UNKNOWN}",
    ),
    # Never submitted: no word about the hardware and the packages of what never ran.
    f"{FAILURES}/qos_rejected": Audited((), "RA302 RA407 RA408 RA704"),
    f"{FAILURES}/timed_out": Audited((), f"RA407 RA408 RA704 {UNKNOWN}"),
    f"{RANKS}_base": Audited((), "RA105 RA704"),
    f"{RANKS}_rank4": Audited((), f"RA704 {UNKNOWN}"),
    f"{RANKS}_rank8": Audited((), f"RA704 {UNKNOWN}"),
    # The experiment's log of actions holds a bare NaN, its log of evaluations stamps that go back.
    f"{LEGACY}/cap_4L_lora_comparison_2025-12-03/Llama-3.2-1B-Instruct_base": Audited(
        (), "RA105 RA403 RA507"
    ),
    f"{LEGACY}#rank8_lr1e-5": Audited((), f"RA403 RA507 RA704 {UNKNOWN}"),
    # The node failed, so the second epoch's checkpoint is not there and was never evaluated.
    f"{LEGACY}#rank16_lr1e-5": Audited((), f"RA403 RA407 RA408 RA507 RA704 {UNKNOWN}"),
}  # fmt: skip

TABLE: dict[str, Audited] = {
    **CODEX, **MLFLOW, **WANDB, **COORDEXP, **LIGHTNING, **LLMRUNNER, **PUBLIC, **RUN_EXPERIMENT,
}  # fmt: skip
HOMES = sorted({"/".join(name.partition("#")[0].split("/")[:2]) for name in TABLE})
NO_RUNS = (
    # Index files and captured event streams; a generator's log; a study's database.
    "lightning/_project",
    "lightning/_sse",
    "public/nanogpt-custom__karpathy__nanoGPT",
    "public/optuna-sqlite__Duccioo__Gaussian-Mixture-Neural-Network",
)


@pytest.mark.parametrize("home", HOMES)
def test_findings(home: str, corpus: Path) -> None:
    """Errors, warnings and the rules of notes, exactly."""
    table = {
        name: item
        for name, item in TABLE.items()
        if name == home or name.startswith((f"{home}/", f"{home}#"))
    }
    compare(runs_of(corpus / home, corpus), table)


@pytest.mark.parametrize("home", NO_RUNS)
def test_directories_without_runs(home: str, corpus: Path) -> None:
    """What no contract knows is said so, not audited as an empty run."""
    options = validating.ValidateOptions(Policy(select=("*",)))
    verdict = validating.validate([corpus / home], options, NOW)
    assert verdict.report.runs == ()
    assert ["holds no run" in str(failure) for failure in verdict.failures] == [True]


def test_every_directory_is_in_the_table(corpus: Path) -> None:
    """No directory of the corpus is left out, none is gone."""
    there = {
        path.relative_to(corpus).as_posix()
        for group in corpus.iterdir()
        if group.is_dir() and group.name != "expected"
        for path in group.iterdir()
        if path.is_dir()
    }
    assert there == {*HOMES, *NO_RUNS}
