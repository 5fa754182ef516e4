"""One configuration as several tools write it, read by the readers, differs in nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from archiver import assemble, redact
from archiver.collect import Policy
from archiver.diff.comparing import compare
from archiver.diff.options import Options, RunData
from archiver.model.differences import Area, Kind
from archiver.workflows import sources
from archiver.workflows.progress import silent
from archiver.workflows.sources import ReadOptions

Make = Callable[..., Any]

SETTINGS: tuple[tuple[str, str], ...] = (
    ("adam_beta2", "0.95"),
    ("betas", "(0.9, 0.95)"),
    ("bf16", "True"),
    ("clip_grad", "1.0"),
    ("data_path", "['/data/ws/tokens_text_document']"),
    ("eval_iters", "4"),
    ("global_batch_size", "16"),
    ("lr", "1e-05"),
    ("lr_decay_style", "cosine"),
    ("micro_batch_size", "4"),
    ("min_lr", "0.0"),
    ("seed", "1234"),
    ("split", "None"),
    ("train_iters", "30"),
)
PYYAML = """\
adam_beta2: 0.95
betas: !!python/tuple
- 0.9
- 0.95
bf16: true
clip_grad: 1.0
data_path:
- /data/ws/tokens_text_document
eval_iters: 4
global_batch_size: 16
lr: 1.0e-05
lr_decay_style: cosine
micro_batch_size: 4
min_lr: 0.0
seed: 1234
split: null
train_iters: 30
"""
RUAMEL = """\
lr: 1e-05
min_lr: 0.0
adam_beta2: 0.95
betas: [0.9, 0.95]
bf16: true
clip_grad: 1.0
eval_iters: 4
global_batch_size: 16
micro_batch_size: 4
train_iters: 30
seed: 1234
lr_decay_style: cosine
split:
data_path:
  - /data/ws/tokens_text_document
"""
JSON = """{"lr": 1e-05, "min_lr": 0.0, "adam_beta2": 0.95, "betas": [0.9, 0.95], "bf16": true,
"clip_grad": 1, "eval_iters": 4, "global_batch_size": 16, "micro_batch_size": 4, "train_iters": 30,
"seed": 1234, "lr_decay_style": "cosine", "split": null,
"data_path": ["/data/ws/tokens_text_document"]}"""


def _quoted(name: str, text: str) -> str:
    return f"{name}={text!r}" if name == "lr_decay_style" else f"{name}={text}"


NAMESPACE = "Namespace({})".format(", ".join(_quoted(*item) for item in SETTINGS))
MEGATRON = "\n".join(
    [
        "using torch.bfloat16 for parameters ...",
        "------------------------ arguments ------------------------",
        *(f"  {name} {'.' * (48 - len(name))} {text}" for name, text in SETTINGS),
        "-------------------- end of arguments ---------------------",
        "> initializing torch distributed ...",
        "",
    ]
)
PIPELINE = """\
DATAPOOL_ROOT = "/data/ws/datapool"
RUN_ID = "20260218_a1"
DRY_RUN = 0
BASE_MODEL_NAME = "Tiny-0.1B"
STEPS = [{"id": "train_cpt_0", "type": "train_cpt", "config": "steps/train_cpt_0.py"}]
"""
TRAIN = '''\
SCRIPT = "python3 ${{ROOT_DIR}}/scripts/steps/train_cpt.py"
RUN_WITH = "cmd"
TRAIN_CMD = """torchrun --nproc_per_node=1 pretrain_gpt.py \\
  --data-path /data/ws/tokens_text_document \\
  --betas 0.9 0.95 \\
  --adam-beta2 0.95 --bf16 --clip-grad 1.0 --eval-iters 4 \\
  --global-batch-size 16 --micro-batch-size 4 --train-iters 30 \\
  --lr {lr} --min-lr 0 --lr-decay-style cosine --seed 1234"""
'''


@pytest.fixture
def written(tmp_path: Path, data: Make) -> Callable[..., RunData]:
    """Read a run of the given files."""

    def read(name: str, **files: str) -> RunData:
        root = tmp_path / name
        for path, text in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        options = ReadOptions(policy=Policy("artifacts", "none"))

        def one(source: sources.Source) -> RunData:
            with ExitStack() as held:
                found = sources.read(source, options, silent, held)
                assembled = assemble.assemble(found.collected, found.spool, source.placement, {})
                redactor = redact.gather(found.collected, found.snapshots, ())
                run: RunData = data(redact.redact(assembled.record, redactor))
                return run

        (run,) = sources.each(root, options, one)
        assert run.record.configs
        return run

    return read


@pytest.fixture
def writings(written: Callable[..., RunData]) -> dict[str, RunData]:
    """The configuration in each form."""
    home = "configs/experiments/tiny"
    return {
        "pyyaml": written("pyyaml", **{"config.yaml": PYYAML}),
        "ruamel": written("ruamel", **{"config.yaml": RUAMEL}),
        "json": written("json", **{"config.json": JSON}),
        "namespace": written("namespace", **{"config.json": f'{{"args": "{NAMESPACE}"}}'}),
        "megatron": written("megatron", **{"train.log": MEGATRON}),
        "llmrunner": written(
            "llmrunner",
            **{
                f"{home}/pipeline.py": PIPELINE,
                f"{home}/steps/train_cpt_0.py": TRAIN.format(lr="1.0e-5"),
            },
        ),
    }


CONFIG = Options(areas=frozenset({Area.CONFIG}))


def test_writings_differ_in_nothing_significant(writings: dict[str, RunData]) -> None:
    """Whichever two are compared, and either way round."""
    for one, left in writings.items():
        for other, right in writings.items():
            found = compare(left, right, CONFIG).significant
            assert [(item.field, item.a, item.b) for item in found] == [], (one, other)


def test_a_real_change_is_found_in_every_writing(
    writings: dict[str, RunData], written: Callable[..., RunData]
) -> None:
    """The learning rate alone, whatever it is written in."""
    changed = written("changed", **{"config.json": JSON.replace("1e-05", "2e-05")})
    for name, run in writings.items():
        found = compare(run, changed, CONFIG).significant
        assert [item.field.rpartition(".")[2] for item in found] == ["lr"], name


def test_retyped_between_two_yaml_files(written: Callable[..., RunData]) -> None:
    """The learning rate `1e-5` is text to PyYAML, `1.0e-5` is a number."""
    one = written("text", **{"config.yaml": PYYAML.replace("1.0e-05", "1e-5")})
    other = written("number", **{"config.yaml": PYYAML})
    (found,) = compare(one, other, CONFIG).differences
    assert (found.kind, found.field, found.a, found.b) == (Kind.RETYPED, "lr", "1e-5", 1e-5)
    assert compare(one, other, CONFIG).significant == (found,)
