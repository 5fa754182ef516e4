"""codex_ml environment captures: `environment.json` and `.ndjson`, `provenance.json`, `env.json`.

One name stands for several schemas, told apart by their keys: the provenance export (with
`pip_freeze`, `hardware`), the small one of `train_loop` (with `deterministic_cudnn`), the
fingerprint (`python_version`, `os_platform`), and `env.json` (with `packages`).
`environment.ndjson` holds one row that each export overwrites, without what is empty.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from archiver.codecs import requirements
from archiver.codecs.packages import PackageList
from archiver.dependencies import dependency
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Problem
from archiver.model.record import Config, Dependency
from archiver.model.values import Value
from archiver.view import View

_SIGNS: tuple[frozenset[str], ...] = (
    frozenset({"pip_freeze", "platform"}),
    frozenset({"hardware", "platform"}),
    frozenset({"pip_freeze_count", "platform"}),
    frozenset({"deterministic_cudnn", "seed"}),
    frozenset({"telemetry", "mlflow", "amp"}),
    frozenset({"python_version", "os_platform"}),
    frozenset({"packages", "system", "git_commit"}),
)
_FULL_VERSION = re.compile(r"(\d+\.\d+\.\d+\S{0,20}) \(")
"""`sys.version`: the version, then the build and the compiler."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
_SETTINGS = ("amp", "batch_size", "deterministic_cudnn", "mlflow", "seed", "telemetry")
_EXTRAS = (
    "amp", "batch_size", "command", "cpu_count", "deterministic_cudnn", "hardware",
    "hardware_fingerprint", "metadata", "mlflow", "pip_freeze_count", "processor",
    "ram_total_mb", "reasoning", "seed", "system", "system_metrics", "telemetry", "timestamp",
)  # fmt: skip
"""What no field of the template holds."""


def detect(artifact: Artifact) -> Match:
    """The keys of one of the schemas."""
    document = artifact.json()
    value = document.value
    keys = value.keys() if isinstance(value, dict) else frozenset()
    if any(sign <= keys for sign in _SIGNS):
        return Match.YES if document.complete else Match.DAMAGED
    torn = not document.complete and artifact.directory.rpartition("/")[2] == "provenance"
    return Match.DAMAGED if torn else Match.NO


def parse(artifact: Artifact) -> View:
    """The document (or its one row) as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """Claims on the machine and the interpreter, and the packages that were installed."""
    document = artifact.json()
    found, unread = _packages(view, artifact)
    return Reading(
        claims=(*_software(view), *_machine(view)),
        configs=_settings(view),
        dependencies=found,
        problems=(*artifact.problems(document.flaws), *unread, *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras={key: view.value[key] for key in _EXTRAS if view.value.get(key) not in (None, "")},
    )


def _settings(view: View) -> tuple[Config, ...]:
    """What `train_loop` really ran with; a seed of 0 or null became another one there."""
    values = {key: view.value[key] for key in _SETTINGS if view.has(key)}
    if not view.has("deterministic_cudnn"):
        return ()
    path = view.artifact.path
    config = Config(
        at=view.at(), id=path, role="effective", format="json", values=values, partial=True
    )
    return (config,)


def _software(view: View) -> Iterator[Claim]:
    for key in ("python", "python_version"):
        text = view.filled(key)
        if text:
            version = _FULL_VERSION.match(text)
            plain, note = (version[1], text) if version else (text, None)
            yield Claim("summary.python", plain, view.at(key), note=note)
    torch = view.filled("torch_version")
    if torch:
        yield Claim("summary.torch", torch, view.at("torch_version"))
    commit = view.filled("git_commit")
    if commit and _COMMIT.match(commit):
        yield Claim("summary.git_commit", commit, view.at("git_commit"))


def _machine(view: View) -> Iterator[Claim]:
    for key in ("platform", "os_platform"):
        platform = view.filled(key)
        if platform:
            yield Claim("summary.os", platform, view.at(key))
    hardware = view.object("hardware").object("gpu")
    for held in (view, hardware):
        cuda = held.filled("cuda_version")
        if cuda:
            yield Claim("summary.cuda", cuda, held.at("cuda_version"))
    for held, key in ((hardware, "driver_version"), (view, "cuda_driver_version")):
        driver = held.filled(key)
        if driver:
            yield Claim("summary.cuda_driver", driver, held.at(key))
    for key in ("gpus", "gpu_devices"):
        models = _models(view, key)
        if models:
            yield Claim("summary.gpus", models, view.at(key))


def _models(view: View, key: str) -> list[Value]:
    """Models with their counts, in the order in which they are first named."""
    items = view.items(key)
    names = [item for item in items if isinstance(item, str) and item]
    names += [str(item["name"]) for item in items if isinstance(item, dict) and item.get("name")]
    return [f"{name} x {count}" for name, count in Counter(names).items()]


def _packages(view: View, artifact: Artifact) -> tuple[tuple[Dependency, ...], tuple[Problem, ...]]:
    """Installed packages, unless the list that was written beside it says the same."""
    beside = f"{artifact.directory}/pip-freeze.txt".lstrip("/")
    listed = artifact.tree.by_path.get(beside)
    if listed is not None and listed.size:
        return (), ()
    found: list[Dependency] = []
    problems: list[Problem] = []
    for index, line in enumerate(view.texts("pip_freeze")[: artifact.limits.packages]):
        at = view.at("pip_freeze", index)
        read: PackageList = requirements.parse(line.encode("utf-8", "replace"), artifact.limits)
        found += [dependency(item, at, "installed") for item in read.packages]
        if read.corrupt:
            problems.append(Problem("unread-line", "no requirement", at))
    packages = view.object("packages")
    for name in list(packages.value)[: artifact.limits.packages]:
        version = packages.text(name)
        if name:
            found.append(
                Dependency(at=packages.at(name), name=name, version=version, kind="installed")
            )
    return tuple(found), tuple(problems)


READER = Reader(
    name="codex_environment",
    kind="codex_ml.environment",
    summary="codex_ml environment.json, provenance.json, env.json, environment.ndjson",
    select=files("environment.json", "environment.ndjson", "provenance.json", "env.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
