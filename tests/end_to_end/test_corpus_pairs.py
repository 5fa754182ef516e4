"""Real runs of one producer compared: the whole list of what matters, read by eye.

Each line of a list is one that somebody would ask about, and none is missing of those that the
files of both runs show; the comments say why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path

import pytest

from archiver.diff.comparing import compare
from archiver.diff.options import Options, RunData
from archiver.diff.varying import vary
from archiver.model.differences import Comparison, Missing, Side
from archiver.render import diff_text
from tests.end_to_end.compared import runs_of

Runs = Callable[[Path], dict[str, RunData]]
SHOWN = 44
"""Characters of a value that a line shows."""


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """The runs of a directory by their paths below it; each directory is read once."""
    known: dict[Path, dict[str, RunData]] = {}
    with ExitStack() as held:

        def below(path: Path) -> dict[str, RunData]:
            if path not in known:
                known[path] = runs_of(path, held)
            return known[path]

        yield below


def told(comparison: Comparison) -> list[str]:
    """What matters, a line each: area, role, field, both sides and the direction."""
    return [
        " ".join(
            filter(
                None,
                (
                    item.area.value,
                    item.role,
                    f"{item.field}:",
                    f"{_short(item.a)} -> {_short(item.b)}",
                    item.direction.value,
                ),
            )
        )
        for item in comparison.significant
    ]


def _short(side: Side) -> str:
    if isinstance(side, Missing):
        return "absent"
    text = f"{side:.6g}" if isinstance(side, float) else str(side)
    return text if len(text) <= SHOWN else f"{text[:20]}…{text[-20:]}"


CRASHED_AND_RESUMED = [
    # The resume is what was changed; both began as one run, so their curves are equal to the last
    # digit of single precision where both have a point.
    "config effective resume_from_checkpoint: None -> /data/CoordExp/outpu…224533/checkpoint-20",
    "metrics final eval.accuracy: 0.456121 -> 0.529944 better",
    "metrics final eval_loss: 4.67568 -> 3.96897 better",
    "metrics final train.accuracy: 0.502595 -> 0.533243 better",
    "metrics final train.loss: 4.31782 -> 3.97006 better",
    # Divided by steps that the first process made: neither better nor worse.
    "metrics final train.mean_loss: absent -> 2.50288",
    # Its run_metadata.json, which names them, breaks off.
    "code dependency ms-swift: absent -> 813d2a89d4afa14b1f8056034dba2cc55a657f4c",
    "dependencies imported swift: absent -> 3.10.3",
]
CLEAN_AND_OLD = [
    "config effective max_steps: 60 -> 30",
    "config effective eval_steps: 20 -> 10",
    "config effective save_steps: 20 -> 30",
    "metrics at step 20 eval.accuracy: 0.493032 -> 0.40678 worse",
    "metrics final eval.accuracy: 0.5371 -> 0.418832 worse",
    "metrics at step 20 eval_loss: 4.67655 -> 4.82776 worse",
    "metrics final eval_loss: 3.63032 -> 4.72546 worse",
    "metrics at step 30 train.accuracy: 0.511029 -> 0.423659 worse",
    "metrics final train.accuracy: 0.539799 -> 0.423659 worse",
    "metrics at step 30 train.loss: 4.25662 -> 4.73077 worse",
    "metrics final train.loss: 3.63221 -> 4.73077 worse",
    # Means over 60 and over 30 steps.
    "metrics final train.mean_loss: 4.43727 -> 5.19783",
    # The old run_metadata.json of nine keys has the seed of the data, but no digest, no limit, no
    # software: unknown on one side is a difference, each told once.
    (
        "data eval eval.val\\.coord\\.jsonl.sha256:"
        " 61b94726e5c365a60715…52939bcbf97598ce5ae4 -> absent"
    ),
    (
        "data train train.train\\.coord\\.jsonl.sha256:"
        " 0e1133b43ac0db4be901…a51a8f1de075519b6679 -> absent"
    ),
    "data eval eval.val\\.coord\\.jsonl.sample_limit: 24 -> absent",
    "data eval eval.val\\.coord\\.jsonl.seed: 17 -> 42",
    "data train train.train\\.coord\\.jsonl.seed: 17 -> 42",
    "code dependency ms-swift: 813d2a89d4afa14b1f8056034dba2cc55a657f4c -> absent",
    "dependencies imported *: 3 packages -> absent",
    "environment python: 3.11.7 (main, May  9…:35:25) [GCC 12.2.0] -> absent",
    "environment torch: 2.13.0+cpu -> absent",
]
LIGHTNING_VERSIONS = [
    "config resolved lr: 0.01 -> 0.05",
    "config resolved hidden: 8 -> 4",
    # Two validation loaders are two curves; test_loss is of one evaluation.
    "metrics at step 17 dataloader=0.eval_loss: 0.617219 -> 0.196055 better",
    "metrics best dataloader=0.eval_loss: 0.617219 -> 0.196055 better",
    "metrics final dataloader=0.eval_loss: 0.617219 -> 0.212399 better",
    "metrics at step 17 dataloader=1.eval_loss: 0.559551 -> 0.281264 better",
    "metrics best dataloader=1.eval_loss: 0.559551 -> 0.270655 better",
    "metrics final dataloader=1.eval_loss: 0.559551 -> 0.324544 better",
    "metrics at step 17 eval.dataloader=0.accuracy: 0.6875 -> 0.9375 better",
    "metrics best eval.dataloader=0.accuracy: 0.75 -> 1 better",
    "metrics final eval.dataloader=0.accuracy: 0.6875 -> 0.9375 better",
    "metrics best eval.dataloader=1.accuracy: 0.875 -> 1 better",
    "metrics final test_loss: 0.651974 -> 0.482263 better",
    "metrics at step 17 train.accuracy: 0.75 -> 0.9375 better",
    "metrics final train.accuracy: 0.75 -> 0.9375 better",
    "metrics at step 17 train.loss: 0.58938 -> 0.220876 better",
    "metrics final train.loss: 0.58938 -> 0.122342 better",
    # A mean per epoch, comparable at equal steps.
    "metrics at step 17 train.mean_loss: 0.64059 -> 0.25047 better",
    "metrics final train.mean_loss: 0.64059 -> 0.157492 better",
    "metrics final hp_metric: 0.625 -> 0.75",
    # The only weights that have one name in both.
    (
        "files checkpoints/last\\.ckpt: sha256:73fe522272e49…e28ea4d72a92aae5e5ad"
        " -> sha256:1725dfb539daf…9f4af6184b86417f0a7d"
    ),
]
COMPLETED_AND_FAILED = [
    # One configuration: until it failed, the second run was the first again, so nothing is told at
    # equal steps. metrics.json, CSV and TensorBoard have each of these; each is told once.
    "metrics final eval.val_mae: 3.69631 -> 3.76406 worse",
    "metrics final eval.val_r2: -0.0278195 -> -0.0651423 worse",
    "metrics final eval_loss: 20.9726 -> 21.7343 worse",
    "metrics final train.loss: 7.16359 -> 4.62915 better",
    "metrics final train.mean_loss: 9.03736 -> 9.92638 worse",
    "metrics final eval.val_min_margin: -12.2887 -> -inf",
    (
        "files checkpoints: sha256:d3d7389699206…d3000a6f7a0da2fbc4e4"
        " -> sha256:f4890d9004502…c937a8fa15581b22b02d"
    ),
]
DRY_AND_OUT_OF_MEMORY = [
    # What made the second run too large, in the order in which people ask.
    "config resolved train_cpt.TRAIN_CMD.global_batch_size: 32 -> 64",
    "config resolved train_cpt.TRAIN_CMD.train_iters: 200 -> 500",
    "config resolved train_cpt.TRAIN_CMD.seq_length: 1024 -> 4096",
    "config resolved train_cpt.TRAIN_CMD.nproc_per_node: 1 -> 2",
    "config resolved train_cpt.TRAIN_CMD.tensor_model_parallel_size: 1 -> 2",
    # Also an environment variable, which is not told again.
    "config resolved DRY_RUN: 1 -> 0",
    # Another pipeline; the steps' own files are not told besides.
    "config resolved STEPS.eval_0: absent -> {'id': 'eval_0', 'ty…y', 'enabled': True}",
    "config resolved STEPS.tokenize_sft_0: {'id': 'tokenize_sft…y', 'enabled': True} -> absent",
    "config resolved train_cpt.RETRIES: absent -> 0",
    "config resolved train_cpt.TRAIN_CMD.ckpt_format: torch -> torch_dist",
    "config resolved train_cpt.TRAIN_CMD.eval_interval: 50 -> 40",
    "config resolved train_cpt.TRAIN_CMD.log_interval: 10 -> 20",
    "config resolved train_cpt.TRAIN_CMD.save_interval: 100 -> 40",
    # Of the dry run there is no curve.
    "metrics final train_cpt.val.eval_loss: absent -> 8.11053",
    "metrics final train_cpt.val.perplexity: absent -> 3329.35",
    "metrics peak train_cpt.train.learning_rate: absent -> 0.0006",
    "metrics final train_cpt.train.loss: absent -> 7.62337",
    "metrics final train_cpt.train.nan_iterations: absent -> 0",
    "metrics final train_cpt.train.skipped_iterations: absent -> 0",
    (
        "data merged_sft merged_sft.merged_input\\.jsonl: datapool/experiments…t/merged_input.jsonl"
        " -> absent"
    ),
    "data raw_sft raw_sft.chat\\.jsonl: datapool/experiments…a/raw/sft/chat.jsonl -> absent",
    # The log of the launch is one fact that the dry run lacks, not one per parallel group.
    "environment launch train_cpt: absent -> {'world_size': 2, 'd…-model-parallel': 1}",
    "environment python: absent -> 3.12",
    "environment conda_env: absent -> mega",
]
RANKS = [
    "config effective lora_alpha: 8 -> 16",
    "config effective r: 4 -> 8",
    # The tasks are named after the rank, which is no name of the runs: they are told.
    (
        "config effective eval:capitalization_epoch0.task:"
        " capitalization_rank4 -> capitalization_rank8"
    ),
    (
        "config effective eval:capitalization_epoch1.task:"
        " capitalization_rank4 -> capitalization_rank8"
    ),
    # Both runs scored alike in their evaluations, so no result is told.
    "metrics final eval_loss: 13.3348 -> 11.5529 better",
    "metrics best train.loss: 12.0242 -> 10.624 better",
    "metrics final train.loss: 14.0729 -> 12.4166 better",
    (
        "files artifacts/epoch_0: sha256:62f53c79c5dd9…c6496fe46399fc99c698"
        " -> sha256:807f1a715cc44…10e665ba2dc216732684"
    ),
    (
        "files artifacts/epoch_1: sha256:f3e6b3e2f9a2f…ef22098a3874a8ea1063"
        " -> sha256:40b30ae7a9f3d…69e6d4fe3d888618e0d8"
    ),
]
SMALLER_BATCH = [
    # The retry after running out of memory. `hf/lr1e-2_epoch_0` and `hf/oom_bs4_epoch_0` are the
    # runs' own weights, and so no line.
    "config resolved batch_size: 4 -> 2",
    (
        "config effective eval:capitalization_epoch1: ['effective: eval/ca…_epoch1/cell.slurm']"
        " -> absent"
    ),
    # The node failed under the second run's evaluation, whose log named inspect-ai.
    "metrics result eval:capitalization_epoch0.includes/accuracy: 0.6 -> absent",
    "metrics result eval:capitalization_epoch0.match/accuracy: 0.6 -> absent",
    "metrics at step 20 eval_loss: 13.3348 -> 11.122 better",
    "metrics final eval_loss: 13.3348 -> 9.55787 better",
    "metrics at step 20 train.loss: 14.0729 -> 12.2881 better",
    "metrics best train.loss: 12.0242 -> 9.20189 better",
    "metrics final train.loss: 14.0729 -> 9.20189 better",
    "dependencies installed inspect-ai: 0.3.209 -> absent",
    (
        "files artifacts/epoch_0: sha256:62f53c79c5dd9…c6496fe46399fc99c698"
        " -> sha256:f6cfa8e0e7381…28c6b9ee0b174936e656"
    ),
    (
        "files artifacts/epoch_1: sha256:f3e6b3e2f9a2f…ef22098a3874a8ea1063"
        " -> sha256:b6e33a132485b…84b4ca8787078412b394"
    ),
]
OLD_RANKS = [
    "config effective lora_alpha: 32 -> 16",
    "config effective r: 16 -> 8",
    # The simulated model's accuracy: an argument of the task, and a parameter in its plan.
    "config effective eval:capitalization_epoch0.plan.steps.2.params.accuracy: 0.6 -> 0.5",
    "config effective eval:capitalization_epoch0.task_args.sim_accuracy: 0.6 -> 0.5",
    # The checkpoint of the second epoch went missing, and was never evaluated.
    (
        "config effective eval:capitalization_epoch1: absent"
        " -> ['effective: cap_4L_…ation_epoch1.slurm']"
    ),
    "metrics result eval:capitalization_epoch1.includes/accuracy: absent -> 0.9",
    "metrics result eval:capitalization_epoch1.match/accuracy: absent -> 0.9",
    "metrics final eval_loss: 8.49075 -> 9.94423 worse",
    "metrics best train.loss: 8.91349 -> 9.08153 worse",
    "metrics final train.loss: 9.07509 -> 10.4184 worse",
]
TWO_DIALECTS = [
    # `lr` and `trainer.lr`, `model_name` and `model` are one setting each.
    "config authored/resolved trainer.lr: 5e-05 -> 0.25",
    "config effective effective_batch_size: absent -> 64",
    "config authored/resolved trainer.epochs: 3 -> 6",
    # The legacy run contradicts itself: config.seed is 1, derived.seed is 2.
    "config authored/resolved seed: 5 -> 1",
    "config effective seed: 5 -> 2",
    "config authored/resolved model: sshleifer/tiny-gpt2 -> tiny-gpt2",
    "metrics final eval.accuracy: 0.841667 -> absent",
    "metrics final eval.perplexity: 1.66914 -> absent",
    "metrics final eval_loss: 0.512306 -> absent",
    "metrics final val.toy.eval_loss: absent -> 0.486065",
    "metrics at step 120 train.loss: 0.392259 -> 0.350853 better",
    "metrics best train.loss: 0.392259 -> 0.285953 better",
    "metrics final train.loss: 0.392259 -> 0.302839 better",
    "metrics final final/perplexity: inf -> absent",
    "metrics final val.toy.converged: absent -> 1",
    # The legacy run has nothing but its rows.
    "code run run.commit: 9c1e7f0b6a52d4c83e11f7f0d0a4b5c6d7e8f901 -> absent",
    "dependencies installed *: 6 packages -> absent",
    "environment gpus: ['NVIDIA A100-SXM4-80GB x 2'] -> absent",
    "environment python: 3.11.7 -> absent",
    "environment cuda: 12.8 -> absent",
    "environment cuda_driver: 550.54.15 -> absent",
    "environment os: Linux-5.15.0-105-gen…86_64-with-glibc2.35 -> absent",
]
CODEX_WANDB = "codex_ml/wandb-offline-matrix::wandb-{}/wandb/offline-run-20261121_{}"
CODEX_MLFLOW = "codex_ml/mlflow-filestore-3.17.2::mlruns/789041706871322352/{}"
CONTEXT = "public/wandb__IvLabs__context_enhancement::wandb/run-{}"
PAIRS = {
    ("coordexp/06-crashed-truncated", "coordexp/07-resumed"): CRASHED_AND_RESUMED,
    ("coordexp/01-clean-head", "coordexp/04-old-2026-01"): CLEAN_AND_OLD,
    (
        "lightning/plain-lightning::lightning_logs/version_0",
        "lightning/plain-lightning::lightning_logs/version_1",
    ): LIGHTNING_VERSIONS,
    (
        "lightning/runjson-completed-mae-min",
        "lightning/runjson-failed-exception",
    ): COMPLETED_AND_FAILED,
    ("llmrunner/dry_run_only", "llmrunner/train_failed_oom"): DRY_AND_OUT_OF_MEMORY,
    (
        "run_experiment/cap_rank_2026-06-20::Llama-3.2-1B-Instruct_rank4",
        "run_experiment/cap_rank_2026-06-20::Llama-3.2-1B-Instruct_rank8",
    ): RANKS,
    (
        "run_experiment/cap_failures_2026-05-20::lr1e-2",
        "run_experiment/cap_failures_2026-05-20::oom_bs4",
    ): SMALLER_BATCH,
    (
        "run_experiment/legacy_2025-12::cap_4L_lora_comparison_2025-12-03/rank16_lr1e-5",
        "run_experiment/legacy_2025-12::cap_4L_lora_comparison_2025-12-03/rank8_lr1e-5",
    ): OLD_RANKS,
    ("codex_ml/functional-train", "codex_ml/legacy-ndjson"): TWO_DIALECTS,
    (
        CODEX_WANDB.format("0.12.21", "223955-8re9pzed"),
        CODEX_WANDB.format("0.15.12", "224045-qet0jzmm"),
    ): [
        # The same script under two versions: what that installs, the upgrade before what came
        # and went; its curves are one.
        "dependencies installed wandb: 0.12.21 -> 0.15.12 upgraded",
        "dependencies installed appdirs: absent -> 1.4.4",
        "dependencies installed promise: 2.3 -> absent",
        "dependencies installed shortuuid: 1.0.13 -> absent",
    ],
    (
        CODEX_MLFLOW.format("8b3d6199d30f4b79b8cb99c40fe9dabd"),
        CODEX_MLFLOW.format("e50547be8c6f48a8bac5505da04064d2"),
    ): [
        # One point each, and ids, names, stamps and artifact places.
        "metrics final train.loss: 1 -> 9 worse"
    ],
    # The same curve, cut within its last record, and with one bad checksum: no points are missing
    # that the other has.
    (
        "codex_ml/tensorboard-variants::corrupt_crc",
        "codex_ml/tensorboard-variants::truncated",
    ): [],
    (CONTEXT.format("20220325_232709-1uvovpmg"), CONTEXT.format("20220327_171805-6k2yiw4s")): [
        # Two days apart on one machine: what somebody changed, and committed.
        "config resolved batch_size: 8 -> 4",
        "config resolved projector: 768-768 -> 768-256",
        (
            "code run run.commit: 5be708ccf43c693966353e5b15f9258e5110c92a"
            " -> d31c2b27d4f988b96adb090c3ef3b13d3c6422bd"
        ),
    ],
    (CONTEXT.format("20220315_011543-2h41rm9i"), CONTEXT.format("20220315_003020-3a6mnmnn")): [
        # One commit and one configuration; the second run died before it had a loss, which is no
        # cost for being logged per iteration.
        "metrics final iter_loss: 7.29752 -> absent"
    ],
    (
        "public/lightning-csv__manuel-rhdt__ml-pws::neurons/neuron_0",
        "public/lightning-csv__manuel-rhdt__ml-pws::neurons/neuron_2",
    ): [
        # Other data by the directories' names alone; hparams are the same.
        "metrics best eval_loss: 0.0121761 -> 5.82238e-05 better",
        "metrics final eval_loss: 0.0121761 -> 0.000187446 better",
        "metrics best train.loss: 0.00734033 -> 0.000112802 better",
        "metrics final train.loss: 0.0156977 -> 0.000193049 better",
        "metrics final corr: 0.821071 -> nan",
    ],
    ("public/swift2__TangBinghao__swift", "coordexp/03-no-yaml-no-git-no-eval"): [
        # A log of ms-swift 2 is all there is of the first: no configuration, no data, no software.
        "config effective *: absent -> ['effective: args.js…solved_config.json']",
        "metrics final eval.accuracy: 0.914511 -> absent",
        "metrics final eval_loss: 0.534105 -> absent",
        "metrics at step 25 train.accuracy: 0.68125 -> 0.393772 worse",
        "metrics best train.accuracy: 1 -> 0.393772 worse",
        "metrics final train.accuracy: 0.99375 -> 0.393772 worse",
        # The only word of the rate where a configuration is missing.
        "metrics peak train.learning_rate: 5e-05 -> 0.00195949",
        "metrics at step 25 train.loss: 0.799772 -> 4.93781 worse",
        "metrics best train.loss: 1.211e-05 -> 4.93781 worse",
        "metrics final train.loss: 0.00715461 -> 4.93781 worse",
        "metrics final train.mean_loss: 0.0852151 -> 5.3436",
        (
            "data train train.train\\.coord\\.jsonl: absent"
            " -> /data/datasets/coco_mini/train.coord.jsonl"
        ),
        "code run run: absent -> no commit recorded",
        "dependencies imported *: absent -> 3 packages",
        "environment python: absent -> 3.11.7 (main, May  9…:35:25) [GCC 12.2.0]",
        "environment torch: absent -> 2.13.0+cpu",
    ],
}
"""`directory::run`, or the directory of the only run."""


def chosen(corpus: Path, below: Runs, name: str) -> RunData:
    """The run that a name of the table means."""
    home, _, wanted = name.partition("::")
    found = below(corpus / home)
    if not wanted:
        (only,) = found.values()
        return only
    return found[wanted]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_what_matters(corpus: Path, runs: Runs, one: str, other: str) -> None:
    """Exactly these lines in this order, and the same the other way round."""
    a, b = chosen(corpus, runs, one), chosen(corpus, runs, other)
    assert told(compare(a, b)) == PAIRS[one, other]
    assert len(compare(b, a).significant) == len(PAIRS[one, other])


def test_every_pair_of_one_producer(corpus: Path, runs: Runs) -> None:
    """Nothing raises, the other way round says as much, every page fits a terminal; 767 pairs."""
    homes = sorted(
        path
        for group in corpus.iterdir()
        if group.is_dir() and group.name != "expected"
        for path in group.iterdir()
        if path.is_dir()
    )
    found = [run for home in homes for run in runs(home).values()]
    pairs = [
        (one, other)
        for one, other in combinations(found, 2)
        if {*one.record.run.producers} & {*other.record.run.producers}
    ]
    assert len(pairs) > 700
    for one, other in pairs:
        comparison = compare(one, other)
        assert all(item.field for item in comparison.differences)
        assert comparison.summary() == compare(other, one).summary()
        page = diff_text.comparison(comparison, diff_text.Look())
        assert max(map(len, page.splitlines())) <= 80, (one.compared.path, other.compared.path)
    variation = vary(found, Options())
    assert all(len(item.values) == len(found) for item in variation.fields)


def test_every_table_of_several_fits_a_terminal(corpus: Path, runs: Runs) -> None:
    """Three to five runs side by side, as their directories follow one another."""
    for group in ("codex_ml", "coordexp", "lightning", "llmrunner", "run_experiment"):
        homes = sorted(path for path in (corpus / group).iterdir() if path.is_dir())
        found = [run for home in homes for run in runs(home).values()]
        for number in (3, 4, 5):
            page = diff_text.variation(vary(found[:number], Options()), diff_text.Look())
            assert max(map(len, page.splitlines())) <= 80, (group, number)
