"""A run of any size, of which everything that a record can hold many of is there many times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np

from archiver import registry
from archiver.case import Case, Expected, Points
from archiver.model.claims import Location, Origin, Problem
from archiver.model.record import (
    Accounting,
    Artifact,
    Attempt,
    Checkpoint,
    Config,
    Coverage,
    DataCopy,
    Dataset,
    Dependency,
    Digest,
    Evaluation,
    Event,
    FileEntry,
    Lockfile,
    Other,
    Repository,
    Resolved,
    RunIdentity,
    RunRecord,
    Series,
    Source,
    Step,
    Training,
)
from archiver.model.values import Tagged

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def large_case(size: int, points: int = 0, *, alike: bool = False) -> Case:
    """A run with `size` of each thing; `alike`: all at one path, else each at its own."""
    record = RunRecord(
        run=RunIdentity("run-7", "exp", ("a", "b"), {"a": "1"}, "run-7", "0" * 64),
        coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
        fields=_fields(size),
        configs=tuple(_configs(size)),
        dependencies=tuple(_dependencies(size)),
        lockfiles=tuple(
            Lockfile(at=_at(n, alike), path=f"{n}/uv.lock", recorded_sha256="a" * 64,
                     actual_sha256="b" * 64, verdict="mismatch")
            for n in range(size)
        ),
        repositories=tuple(
            Repository(at=_at(n, alike), role=("run", "dependency")[n % 2], name=f"r{n}",
                       commit=f"{n:040x}", dirty=n % 2 == 0, status=(" M a.py",))
            for n in range(size)
        ),
        steps=tuple(_steps(size, alike)),
        series=tuple(_series(size, alike)),
        checkpoints=tuple(_checkpoints(size, alike)),
        datasets=tuple(_datasets(size, alike)),
        data_copies=tuple(
            DataCopy(at=_at(n, alike), source=f"/data/{n}", destination=f"/copy/{n}")
            for n in range(size)
        ),
        artifacts=tuple(
            Artifact(at=_at(n, alike), path=f"out/{n}", kind="report") for n in range(size)
        ),
        events=tuple(
            Event(at=_at(n, alike), time=_time(-n if n % 3 else n), clock="zoned", kind="k",
                  subject="s")
            for n in range(size)
        ),
        accounting=tuple(
            Accounting(f"checkpoints/{n}/index.json", "codex_ml.checkpoint_index", 1, read=1,
                       corrupt=n % 2 * 9, reasons={"truncated": 1})
            for n in range(size)
        ),
        problems=tuple(_problems(size, alike)),
    )  # fmt: skip
    table = _table(points or size)
    return Case(
        record=record,
        files=tuple(_files(size)),
        expected=tuple(
            Expected("a", "A", "1", f"a.{n}", required=True, since="1") for n in range(size)
        ),
        required_fields=tuple(f"params.{n}" for n in range(size)),
        now=NOW,
        points=lambda _series: table,
    )


def _at(n: int, alike: bool) -> Location:
    return Location("log" if alike else f"{n}/log", f"L{n + 1}")


def _time(seconds: int) -> str:
    return (START + dt.timedelta(seconds=seconds)).isoformat()


def _fields(size: int) -> dict[str, Resolved]:
    def field(value: object, *others: object) -> Resolved:
        lost = tuple(
            Other(other, Origin.RECORDED, Location(f"{n}/meta.json"), "r", "different")
            for n, other in enumerate(others)
        )
        return Resolved(value, Origin.RECORDED, Location("meta.json"), "r", others=lost)

    return {
        "summary.status": field("success", *["failed"] * size),
        "summary.started_at": field(_time(0)),
        "summary.finished_at": field(_time(-size)),
        "summary.git_commit": field("f" * 40, *(f"{n:040x}" for n in range(size))),
        "summary.torch": field("2.1.0", *(f"3.{n}.0" for n in range(size))),
        "summary.host": field([f"host-{n}" for n in range(size)]),
        "summary.gpus": field([]),
    }


def _configs(size: int) -> Iterable[Config]:
    """A few with very many values, and very many with a few."""
    wide = {f"k{n}": "${" + f"k{n + 1}" + "}" for n in range(size)}
    deep = {"training": {f"s{n}": {"lr": n, "max_steps": 2 * n} for n in range(size)}}
    unknown = Tagged("unresolved", "x")
    listed = {"items": [{"path": f"/d/{n}", "value": unknown} for n in range(size)]}
    for n, values in enumerate((wide, deep, listed)):
        yield Config(at=Location(f"c{n}.yaml"), id=f"c{n}.yaml", role="resolved", format="yaml",
                     values=values)  # fmt: skip
    for n in range(size // 10):
        yield Config(
            at=Location(f"{n}/c.yaml"), id=f"{n}/c.yaml", role=("authored", "resolved")[n % 2],
            format="yaml", values={"lr": 0.1 * n, "seed": n, "max_steps": n, "epochs": n % 7},
            step_id=None if n % 2 else str(n),
        )  # fmt: skip


def _dependencies(size: int) -> Iterable[Dependency]:
    for n in range(size):
        for version, kind in (("1.0", "locked"), ("1.1", "installed"), ("1.2", "imported")):
            yield Dependency(
                at=Location(f"{kind}.txt", f"L{n}"), name=f"p{n}", version=version, kind=kind
            )


def _steps(size: int, alike: bool) -> Iterable[Step]:
    for n in range(size):
        at, train = _at(n, alike), n % 2 == 0
        attempts = tuple(
            Attempt(i, str(i), "failed", "RUNNING", _time(-i), _time(i), first_step=i)
            for i in range(2)
        )
        yield Step(
            at=at,
            step_id=str(n),
            name="train" if train else "eval",
            status=("success", "failed", "skipped", "interrupted")[n // 2 % 4],
            status_word="RUNNING",
            params={"checkpoint": f"checkpoints/{n}"},
            training=Training(steps=n, epochs=9, max_epochs=3) if train else None,
            eval=None
            if train
            else Evaluation(
                datasets=(f"/d/{n}",), checkpoint=f"gone/{n}", samples={"done": 1, "total": 9}
            ),
            warnings=("w",),
            error="e",
            attempts=attempts,
            sources={"status": Source(Origin.RECORDED, at)},
        )
    many = tuple(
        Attempt(i, str(i), "failed", "RUNNING", _time(-i), _time(i), first_step=i)
        for i in range(size)
    )
    yield Step(at=Location("log"), step_id="all", name="train", attempts=many)


def _series(size: int, alike: bool) -> Iterable[Series]:
    for n in range(size // 10 + 1):
        yield Series(
            at=_at(n, alike),
            key="loss" if n % 2 else f"m{n}",
            source="log" if alike else f"{n}/log",
            canonical="loss" if n % 2 else None,
            split="train",
            step_id=str(n),
            attempt=n % 3,
            points=9,
            first=1.0,
            last="NaN",
            first_step=1,
            last_step=9 * n,
            first_time=_time(0),
            last_time=_time(9),
            min=0.0,
            max=9.0,
            step_of_min=1,
            step_of_max=9,
            mean=2.0,
            non_finite=n % 2,
            superseded=n % 5,
            segments=2,
        )


def _checkpoints(size: int, alike: bool) -> Iterable[Checkpoint]:
    for n in range(size):
        yield Checkpoint(
            at=Location("checkpoints/index.json", f"/{n}") if n % 2 else _at(n, alike),
            path=f"checkpoints/{n}",
            tags=("best", "last") if n % 2 else (),
            step=n,
            epoch=1.0,
            metric=0.5 + n,
            present=n % 3 == 0,
            digests=(
                Digest("sha256", "a" * 64, Origin.RECORDED, f"checkpoints/{n}/w.bin"),
                Digest("sha256", "b" * 64, Origin.PROBED, f"checkpoints/{n}/w.bin"),
            ),
            named_at=(Location("log", f"L{n}"),),
            monitor="loss",
        )


def _datasets(size: int, alike: bool) -> Iterable[Dataset]:
    for n in range(size):
        yield Dataset(
            at=_at(n, alike),
            role=("train", "eval")[n % 2],
            path=f"/d/{n % (size // 2 or 1)}",
            lines=n if n % 3 else None,
            digests=(Digest("sha256", f"{n:064x}", Origin.RECORDED),) if n % 3 else (),
        )


def _problems(size: int, alike: bool) -> Iterable[Problem]:
    codes = sorted({code for rule in registry.rules() for code in rule.codes})
    for n in range(size):
        where = Location("checkpoints" if alike else f"checkpoints/{n}", f"/{n}")
        yield Problem(codes[n % len(codes)], f"message {n}", where)
        yield Problem("incomplete-checkpoint", "not whole", Location(f"checkpoints/{n}"))
        yield Problem("truncated", "torn", Location(f"checkpoints/{n}/w.safetensors"))


def _files(size: int) -> Iterable[FileEntry]:
    for n in range(size):
        kind = "weights.safetensors"
        yield FileEntry("run", f"checkpoints/{n}/w.safetensors", "file", 9, _time(n), kind=kind)
        yield FileEntry("run", f"s/model-{n + 1:05}-of-99998.safetensors", "file", 9, _time(n))
        yield FileEntry("run", f"{n}/log", "file", 9, _time(n), kind="a.log")
        yield FileEntry("run", f"l/{n}", ("symlink", "fifo")[n % 2], target=f"../../{n}")


def _table(size: int) -> Points:
    steps = np.arange(size) % (size // 2 + 1)
    values = np.where(steps % 7 == 0, np.nan, 1.0 + steps)
    times = 1.7e9 - steps
    return Points(
        steps.astype(np.int64), times.astype(np.float64), values.astype(np.float64),
        (np.arange(size) % 3).astype(np.int64), np.ones(size, np.bool_),
        np.full(size, np.nan),
    )  # fmt: skip
