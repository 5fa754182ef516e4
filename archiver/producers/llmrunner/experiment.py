"""The settings of one experiment of LLMRunner: its files read, merged, expanded and ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archiver.artifact import Artifact
from archiver.codecs.flaws import Flaws
from archiver.limits import Limits
from archiver.producers.llmrunner import layout, settings
from archiver.producers.llmrunner.plan import Plan, plan, step_type
from archiver.producers.llmrunner.settings import Expanded, Merged, Settings
from archiver.rundir import Entry

_LARGEST_FILES = 8
"""Files of the largest size that an experiment's settings may have together."""
_STEP_CONTEXT = (
    "MODEL_PREFIX", "BASE_MODEL_PATH", "BASE_MODEL_NAME", "BASE_MODEL_SRC", "MEGATRON",
    "MINDSPEED", "TOKENIZER_PATH", "SFT_TOKENIZER_PATH",
)  # fmt: skip
"""Keys of the pipeline that a step's settings may refer to, since 2026-01-27."""


@dataclass(frozen=True)
class Experiment:
    """Everything that the settings say, before it is told in the archive's terms."""

    directory: str
    home: str | None
    main: str
    files: dict[str, Settings]
    merged: Merged
    resolved: Expanded
    plan: Plan
    steps: dict[str, Expanded]
    """Settings of each step by its id."""

    @property
    def flat(self) -> bool:
        """Whether the settings are the only ones of their root."""
        return self.directory.rpartition("/")[2] == layout.CONFIGS

    @property
    def name(self) -> str:
        """Name of the experiment; empty where the directory does not tell."""
        return "" if self.flat else self.directory.rpartition("/")[2]

    def plain(self, key: str) -> str | None:
        """A setting of the pipeline as text, unresolved parts as written; None where it is none."""
        return settings.plain(self.resolved.values.get(key))


def read_experiment(artifact: Artifact) -> Experiment:
    """Read every file once, then merge, expand and order."""
    files: dict[str, Settings] = {}
    left = artifact.limits.python_bytes * _LARGEST_FILES
    for entry in artifact.files:
        left -= entry.size
        files[entry.path] = read_file(artifact, entry) if left >= 0 else _passed_over(entry)
    main = artifact.entry.path
    directory = artifact.entry.parent
    home = layout.home_of(directory)
    merged = settings.merged(main, files)
    resolved = _resolved(merged, home, artifact.limits)
    planned = plan(
        {**merged.values, **resolved.values, "STEPS": merged.values.get("STEPS")},
        _step_files(directory, main, files),
        flat=directory.rpartition("/")[2] == layout.CONFIGS,
        env=main.endswith(".env"),
        included=len(merged.files) > 1,
    )
    own = _steps(planned, files, resolved, artifact.limits)
    return Experiment(directory, home, main, files, merged, resolved, planned, own)


def _passed_over(entry: Entry) -> Settings:
    flaws = Flaws()
    flaws.add(
        "size-limit", "the settings of the experiment are too large together; it was not read"
    )
    return Settings(entry.path, {}, complete=False, flaws=flaws)


def read_file(artifact: Artifact, entry: Entry) -> Settings:
    """The settings of one file, up to the limit of one."""
    parts: list[bytes] = []
    left = artifact.limits.python_bytes + 1
    for chunk in artifact.open(entry).chunks():
        parts.append(chunk[:left])
        left -= len(parts[-1])
        if left <= 0:
            break
    return settings.read(entry.path, b"".join(parts), artifact.limits)


def _resolved(merged: Merged, home: str | None, limits: Limits) -> Expanded:
    """The pipeline's settings expanded; LLMRunner's root stays a name, nobody wrote it down."""
    fixed = {"DATAPOOL": "${ROOT_DIR}/datapool"} if home is not None else {}
    given = {name: text for name, text in fixed.items() if name not in merged.values}
    return settings.expanded(merged.values, given, limits)


def _step_files(directory: str, main: str, files: Mapping[str, Settings]) -> dict[str, str]:
    """Stem -> path of each settings file of a step."""
    steps = layout.below(directory, "steps")
    found: dict[str, str] = {}
    for path in files:
        parent, _, name = path.rpartition("/")
        stem = name.rpartition(".")[0]
        beside = parent == directory and path != main and step_type(stem)
        if (parent == steps or beside) and stem not in found:
            found[stem] = path
    return found


def _steps(
    planned: Plan, files: Mapping[str, Settings], pipeline: Expanded, limits: Limits
) -> dict[str, Expanded]:
    """The settings of each step, expanded."""
    pool = settings.plain(pipeline.values.get("DATAPOOL_ROOT"))
    fixed = {"DATAPOOL_ROOT": pool} if pool else {}
    names = None if planned.era in ("1", "2") else _STEP_CONTEXT
    context = settings.context_of(pipeline.values, fixed, names)
    if not context.get("RUN_ID"):
        context.pop("RUN_ID", None)  # the runner makes one up
    found: dict[str, Expanded] = {}
    for step in planned.steps:
        one = files.get(step.config or "")
        values = one.loaded if one is not None else {}
        # Until 2026-01-27 a module's settings could not refer to one another; a shell's could.
        own = planned.era != "2" or (one is not None and one.format == "env")
        found[step.id] = settings.expanded(values, context, limits, own=own)
    return found
