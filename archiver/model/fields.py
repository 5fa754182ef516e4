"""The field registry: every bullet and every table column of the archive template.

`record.json`'s schema, ARCHIVE.md, coverage and the documentation's field list are made from
this table, so a field is added here and nowhere else.
"""

from __future__ import annotations

from enum import StrEnum

from archiver.model.plain import dataclass
from archiver.model.values import Value


class Section(StrEnum):
    """Sections of the archive template, in its order."""

    SUMMARY = "Summary"
    DEPENDENCIES = "Dependencies (Versions)"
    CONFIG = "Config Snapshot"
    PATHS = "Paths"
    DATA = "Data Snapshot"
    DATA_COPY = "Data Copy (Prepare)"
    STEPS = "Steps"
    REPRO = "Repro"
    ARTIFACTS = "Artifacts"
    RESOURCES = "Resources & Cost"
    CHANGES = "Changes vs Previous"


class Home(StrEnum):
    """Where the record keeps a field's value."""

    FIELDS = "fields"
    DEPENDENCIES = "dependencies"
    CONFIGS = "configs"
    DATASETS = "datasets"
    DATA_COPIES = "data_copies"
    STEPS = "steps"
    CHECKPOINTS = "checkpoints"
    ARTIFACTS = "artifacts"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the template."""

    name: str
    section: Section
    type: str
    """`text`, `int`, `number`, `bool`, `time`, `path`, `list`, `map`."""
    meaning: str
    unit: str | None = None
    home: Home = Home.FIELDS

    @property
    def label(self) -> str:
        """The name as the template prints it."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the fields of one section."""

    section: Section
    prefix: str
    home: Home = Home.FIELDS

    def __call__(self, name: str, kind: str, meaning: str, unit: str | None = None) -> Field:
        return Field(self.prefix + name, self.section, kind, meaning, unit, self.home)


_summary = _Maker(Section.SUMMARY, "summary.")
_dependency = _Maker(Section.DEPENDENCIES, "dependencies.", Home.DEPENDENCIES)
_config = _Maker(Section.CONFIG, "config.")
_configs = _Maker(Section.CONFIG, "config.", Home.CONFIGS)
_path = _Maker(Section.PATHS, "paths.")
_data = _Maker(Section.DATA, "data.")
_copy = _Maker(Section.DATA_COPY, "data_copies.", Home.DATA_COPIES)
_step = _Maker(Section.STEPS, "steps.", Home.STEPS)
_repro = _Maker(Section.REPRO, "repro.")
_checkpoint = _Maker(Section.ARTIFACTS, "checkpoints.", Home.CHECKPOINTS)
_artifact = _Maker(Section.ARTIFACTS, "artifacts.", Home.ARTIFACTS)
_resource = _Maker(Section.RESOURCES, "resources.")
_change = _Maker(Section.CHANGES, "changes.")

FIELDS: tuple[Field, ...] = (
    _summary("experiment", "text", "Experiment that groups the run"),
    _summary("run_id", "text", "Run identifier as its producer states it"),
    _summary("status", "text", "success, failed, interrupted, running or unknown"),
    _summary("started_at", "time", "When the first attempt started", "ISO 8601"),
    _summary("finished_at", "time", "Last recorded end or last recorded event", "ISO 8601"),
    _summary("duration_sec", "number", "From started_at to finished_at", "s"),
    _summary("git_commit", "text", "Commit of the training code"),
    _summary("git_dirty", "bool", "Whether the code had uncommitted changes"),
    _summary("host", "list", "Hosts that the run ran on"),
    _summary("user", "text", "User that ran it"),
    _summary("os", "text", "Operating system of the training machine"),
    _summary("python", "text", "Python version of the run"),
    _summary("conda_env", "text", "Conda environment of the run"),
    _summary("cuda", "text", "CUDA toolkit or runtime version"),
    _summary("cuda_driver", "text", "NVIDIA driver version"),
    _summary("torch", "text", "PyTorch version with its local tag"),
    _summary("gpus", "list", "GPU models and their counts"),
    _dependency("name", "text", "Package or system"),
    _dependency("version", "text", "Version, commit, or not installed"),
    _config("pipeline_config", "path", "Configuration that the run was started with"),
    _config("steps_config_dir", "path", "Directory of the steps' configurations"),
    _configs("pipeline_resolved", "map", "Every value of the resolved configuration"),
    _configs("steps_resolved", "map", "Every value of each step's configuration"),
    _path("datapool_root", "path", "Root of the data pool"),
    _path("workdir", "path", "Working or output directory of the run"),
    _path("logs_root", "path", "Directory of logs"),
    _data("raw_cpt_dir", "path", "Raw data for continued pre-training"),
    _data("raw_sft_dir", "path", "Raw data for supervised fine-tuning"),
    _data("merged_cpt", "path", "Merged pre-training data, with lines and bytes"),
    _data("merged_sft", "path", "Merged fine-tuning data, with lines and bytes"),
    _copy("source", "path", "Where data was copied from"),
    _copy("destination", "path", "Where data was copied to"),
    _copy("files_copied", "int", "Files copied", "files"),
    _copy("files_skipped", "int", "Files already there", "files"),
    _copy("note", "text", "Remark on the copy"),
    _step("step_id", "text", "Number or name of the step"),
    _step("name", "text", "Kind of step: train, eval, convert, ..."),
    _step("stage", "text", "cpt, sft, other or none"),
    _step("status", "text", "success, failed, skipped, interrupted or unknown"),
    _step("config", "path", "Configuration of the step"),
    _step("inputs", "map", "What the step read"),
    _step("outputs", "map", "What the step wrote"),
    _step("params", "map", "Full parameters"),
    _step("training.loss_curve", "path", "Complete loss curve"),
    _step("training.final_loss", "number", "Loss at the last step", "as recorded"),
    _step("training.best_loss", "number", "Smallest finite loss", "as recorded"),
    _step("training.ppl", "number", "Perplexity"),
    _step("training.steps", "int", "Optimizer steps done", "steps"),
    _step("training.duration_sec", "number", "Time spent training", "s"),
    _step("training.throughput_tokens_per_sec", "number", "Tokens per second", "tokens/s"),
    _step("training.step_time_sec_avg", "number", "Mean time of one optimizer step", "s"),
    _step("metrics", "map", "Last values of every metric of the step"),
    _step("eval.datasets", "list", "Data sets that were evaluated"),
    _step("eval.results", "map", "Results by metric"),
    _step("eval.script.path", "path", "Evaluation program"),
    _step("eval.script.version", "text", "Its commit or version"),
    _step("logs", "path", "Logs of the step"),
    _step("warnings", "list", "Warnings that the step logged"),
    _step("error", "text", "Error message of a failed step"),
    _step("error_stack", "text", "Stack trace of a failed step"),
    _step("retries", "int", "Attempts after the first"),
    _repro("prepare", "text", "Command that prepared the run"),
    _repro("run", "text", "Command that ran it"),
    _repro("env", "map", "Environment variables that the run recorded"),
    _checkpoint("path", "path", "Checkpoint directory or file"),
    _checkpoint("tag", "text", "last, best or other"),
    _checkpoint("step", "int", "Optimizer step of the checkpoint", "steps"),
    _artifact("hf_models", "list", "Exported Hugging Face models"),
    _artifact("reports", "list", "Reports that the run wrote"),
    _resource("train_time_sec", "number", "Time spent training", "s"),
    _resource("peak_vram_gb", "number", "Peak GPU memory", "GiB"),
    _resource("avg_vram_gb", "number", "Mean GPU memory", "GiB"),
    _resource("gpu_util_avg_pct", "number", "Mean GPU utilisation", "%"),
    _change("previous_run_id", "text", "Latest earlier run of the experiment"),
    _change("config_diff", "path", "Differences from it"),
)

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}

ENV_PREFIX = "repro.env."
"""Environment variables are fields of their own: `repro.env.<NAME>`."""


def is_claimable(name: str) -> bool:
    """Whether a claim (or `--set`) may name this field."""
    if name.startswith(ENV_PREFIX):
        return len(name) > len(ENV_PREFIX)
    known = BY_NAME.get(name)
    return known is not None and known.home is Home.FIELDS and name != "repro.env"


_NUMBERS: dict[str, type[int | float]] = {"int": int, "number": float}


def typed(name: str, text: str) -> Value:
    """A declared text as a value of the field's type; lists are parted at commas.

    Raises:
        ValueError: when the text is no such value.
    """
    kind = BY_NAME[name].type if name in BY_NAME else "text"
    if kind == "bool":
        if text not in ("true", "false"):
            raise ValueError("is neither true nor false")
        return text == "true"
    if kind in _NUMBERS:
        try:
            return _NUMBERS[kind](text)
        except ValueError:
            raise ValueError("is no number") from None
    if kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def of_section(section: Section) -> tuple[Field, ...]:
    """The fields of one section, in the template's order."""
    return tuple(field for field in FIELDS if field.section is section)
