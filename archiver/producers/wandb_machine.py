"""What W&B notes of machine, program and code, as fields of the record.

`wandb-metadata.json` and the environment records of a log state the same under the same names.
Until 0.16 `memory.total` and `disk` are floats in GiB, later texts of byte counts; `python` was
`3.11.7` and is `CPython 3.11.7`; `startedAt` had no zone. `cuda` was the toolkit's version,
`cudaVersion` is the newest one that the driver supports and no statement about the run.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator

from archiver.artifact import Artifact
from archiver.limits import MIB
from archiver.model.claims import Claim, Origin, Trust
from archiver.model.record import Command, Repository
from archiver.model.values import Value
from archiver.view import View

GIB = 1024 * MIB
_PLAIN = {
    "summary.os": "os",
    "summary.user": "username",
    "paths.workdir": "root",
    "summary.cuda": "cuda",
}
_RUN = re.compile(r"(?:offline-)?run-\d{8}_\d{6}-\w{1,128}\Z")
_CONDA = re.compile(r"[/\\]envs[/\\]([^/\\]{1,100})[/\\]")
_NO_PROGRAM = "<python with no main file>"
_KEPT = ("cpu_count", "cpu_count_logical", "cudaVersion", "docker", "colab", "slurm", "codePath")
_PYTHON = re.compile(r"(?:CPython|PyPy)?\s*(\d[\w.+-]{0,40})\Z")


def in_files_of_run(artifact: Artifact) -> bool:
    """Whether an artifact lies in the `files` of a W&B run.

    That is a directory beside a log, or below a directory of a run's name.
    """
    home, _, folder = artifact.directory.rpartition("/")
    if folder != "files":
        return False
    beside = (entry for entry in artifact.tree.named("*.wandb") if entry.parent == home)
    named = _RUN.match(home.rpartition("/")[2]) is not None
    return named or next(beside, None) is not None


def claims(view: View) -> Iterator[Claim]:
    """Fields that the program's own process noted."""
    for field, key in _PLAIN.items():
        text = view.filled(key)
        if text:
            yield Claim(field, text, view.at(key))
    host = view.filled("host")
    if host:
        yield Claim("summary.host", [host], view.at("host"))
    python = _PYTHON.match(view.filled("python") or "")
    if python:
        yield Claim("summary.python", python[1], view.at("python"))
    commit = view.object("git").commit("commit")
    if commit:
        yield Claim("summary.git_commit", commit, view.object("git").at("commit"))
    yield from _derived(view)


def _derived(view: View) -> Iterator[Claim]:
    models = gpus(view)
    if models:
        key = "gpu_nvidia" if view.items("gpu_nvidia") else "gpu"
        yield Claim("summary.gpus", list[Value](models), view.at(key))
    argv = command(view).argv
    if argv:
        place = view.at("program")
        rule = "executable-program-arguments"
        text = shlex.join(argv)
        yield Claim("repro.run", text, place, Trust.COPY, Origin.DERIVED, rule, (place,))
    conda = _CONDA.search(view.text("executable") or "")
    if conda:
        place = view.at("executable")
        rule = "envs-element-of-executable"
        yield Claim(
            "summary.conda_env", conda[1], place, Trust.HINT, Origin.DERIVED, rule, (place,)
        )


def gpus(view: View) -> list[str]:
    """Models with their counts, as the template prints them."""
    cards = [item.get("name") for item in view.items("gpu_nvidia") if isinstance(item, dict)]
    names = Counter(name for name in cards if isinstance(name, str) and name)
    if not names:
        model = view.filled("gpu")
        names = Counter({model: view.integer("gpu_count") or 1}) if model else Counter()
    return [f"{name} x {count}" for name, count in names.items()]


def command(view: View) -> Command:
    """How the program was started; without arguments where it was no program."""
    program, executable = view.filled("program"), view.filled("executable")
    if program is None or program == _NO_PROGRAM:
        return Command(executable=executable)
    argv = (*((executable,) if executable else ()), program, *view.texts("args"))
    return Command(argv=argv, executable=executable, cwd=view.filled("root"))


def repository(view: View) -> Repository | None:
    """The code's repository, where it was in one."""
    git = view.object("git")
    remote = git.filled("remote") or git.filled("remote_url")
    if remote is None and git.commit("commit") is None:
        return None
    name = (remote or "").rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
    return Repository(
        at=view.at("git"),
        role="run",
        name=name or "code",
        remote=remote,
        path=view.filled("root"),
        commit=git.commit("commit"),
    )


def machine(view: View) -> dict[str, Value]:
    """What no field holds, sizes in GiB whichever way they were written."""
    kept: dict[str, Value] = {key: view.value[key] for key in _KEPT if view.value.get(key)}
    memory = view.value.get("memory")
    total = gib(memory.get("total")) if isinstance(memory, dict) else None
    if total is not None:
        kept["memory_gib"] = total
    disks = view.value.get("disk")
    for path, disk in disks.items() if isinstance(disks, dict) else ():
        size = gib(disk.get("total")) if isinstance(disk, dict) else None
        if size is not None:
            kept[f"disk_gib {path}"] = size
    return kept


def gib(value: Value) -> float | None:
    """A size in GiB: written as such in floats, as bytes in texts and integers."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float):
        return round(value, 3)
    return round(value / GIB, 3) if 0 <= value < 2**64 else None
