"""The record's lists as tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from archiver.model import fields
from archiver.model.claims import Problem
from archiver.model.fields import Home, Section
from archiver.model.record import (
    Config,
    DataCopy,
    Dependency,
    Digest,
    Lockfile,
    Repository,
    RunRecord,
)
from archiver.model.values import Value, to_json
from archiver.render.escape import Markdown, inline, prose
from archiver.render.fields import absent
from archiver.render.shapes import Bullet, Cell, Table, listed, sentence
from archiver.render.values import NOT_RECORDED, origin, place, places

TEMPLATE_DEPENDENCIES = ("transformers", "megatron", "apex", "transformer_engine", "vllm")
"""The template's rows, which stand whether or not the run knows them."""


_OF_DEPENDENCIES = ("kind", "commit", "dirty", "origin", "note")


def _labels(home: Home) -> tuple[str, ...]:
    return tuple(item.label for item in fields.FIELDS if item.home is home)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


def _compact(value: Mapping[str, Value]) -> str | None:
    return json.dumps(to_json(dict(value)), ensure_ascii=False) if value else None


def dependencies(record: RunRecord) -> Table:
    """The template's packages first, then every other one."""
    labels = _labels(Home.DEPENDENCIES)
    columns = (*labels, *(name for name in _OF_DEPENDENCIES if name not in labels))
    known = {item.name for item in record.dependencies}
    rank = {name: number for number, name in enumerate(TEMPLATE_DEPENDENCIES)}
    blank = dict.fromkeys(columns) | dict.fromkeys(labels, absent(record, "dependencies.name"))
    rows = [blank | {"name": name} for name in TEMPLATE_DEPENDENCIES if name not in known]
    rows += [_dependency(item, labels) for item in record.dependencies]
    rows.sort(key=lambda row: rank.get(str(row["name"]), len(rank)))
    cells = [tuple(row[name] for name in columns) for row in rows]
    return Table(columns, cells, always=len(labels))


def _dependency(item: Dependency, labels: Iterable[str]) -> dict[str, Cell]:
    version: Cell = item.version or item.commit or NOT_RECORDED
    if item.state == "not_installed":
        version = Markdown("not installed")
    kind = item.kind if item.state in ("present", "not_installed") else f"{item.kind} {item.state}"
    return {label: getattr(item, label, None) for label in labels} | {
        "name": item.name,
        "version": version,
        "kind": kind,
        "commit": item.commit,
        "dirty": item.dirty,
        "origin": origin(item.origin, item.at),
        "note": sentence(item.note or ""),
    }


def lockfiles(items: Iterable[Lockfile]) -> Table:
    """Lockfiles with their recorded and actual digests."""
    columns = ("lockfile", "verdict", "recorded sha256", "actual sha256", "origin")
    rows = [
        (
            item.path,
            item.verdict,
            item.recorded_sha256,
            item.actual_sha256,
            origin(item.origin, item.at),
        )
        for item in items
    ]
    return Table(columns, rows, always=4)


def repositories(items: Iterable[Repository]) -> Table:
    """The repositories that the run used."""
    columns = ("role", "name", "commit", "branch", "dirty", "remote", "path", "status", "origin")
    rows = [
        (
            item.role,
            item.name,
            item.commit,
            item.branch,
            item.dirty,
            item.remote,
            item.path,
            _status_size(item),
            origin(item.origin, item.at),
        )
        for item in items
    ]
    return Table(columns, rows, always=5)


def _status_size(item: Repository) -> Markdown | None:
    if not item.status:
        return None
    cut = ", cut by its producer" if item.status_cut else ""
    return Markdown(f"{len(item.status)} entries{cut}, below")


def data_copies(record: RunRecord) -> Table:
    """Copies made while preparing; one row of answers where there were none."""
    labels = _labels(Home.DATA_COPIES)
    rows: list[tuple[Cell, ...]] = [_data_copy(item, labels) for item in record.data_copies]
    if not rows:
        answers = [absent(record, f"{Home.DATA_COPIES.value}.{label}") for label in labels]
        rows = [(*answers, None)]
    return Table((*labels, "origin"), rows, always=len(labels))


def _data_copy(item: DataCopy, labels: Iterable[str]) -> tuple[Cell, ...]:
    values = (getattr(item, label, None) for label in labels)
    cells = (NOT_RECORDED if value is None else value for value in values)
    return (*cells, origin(item.origin, item.at))


def datasets(record: RunRecord) -> Table:
    """The data that the run read."""
    columns = (
        "role", "path", "split", "lines", "bytes", "sample_limit", "seed", "digests", "note",
        "origin",
    )  # fmt: skip
    rows = [
        (
            item.role,
            item.path,
            item.split,
            item.lines,
            item.bytes,
            item.sample_limit,
            item.seed,
            ", ".join(map(_digest, item.digests)) or None,
            sentence(item.note or ""),
            origin(item.origin, item.at),
        )
        for item in record.datasets
    ]
    return Table(columns, rows, always=5)


def _digest(item: Digest) -> str:
    path = f" of {item.path}" if item.path else ""
    return f"{item.algorithm}:{item.value}{path} ({item.origin.value})"


def config_facts(item: Config) -> list[Bullet]:
    """What is known of one configuration, above its values."""
    facts = [f"role {inline(item.role)}", f"format {inline(item.format)}"]
    if not item.typed:
        facts.append("text without types")
    if item.partial:
        facts.append("a part of the configuration")
    if item.step_id is not None:
        facts.append(f"step {inline(item.step_id)}")
    if item.attempt is not None:
        facts.append(f"attempt {item.attempt}")
    facts.append(str(origin(item.origin, item.at)))
    found = [Bullet(inline(item.id), Markdown(", ".join(facts)))]
    if item.types:
        found.append(Bullet("types", inline(_compact(dict(item.types)) or "")))
    return found


def checkpoints(record: RunRecord) -> Table:
    """What else is known of the checkpoints."""
    columns = (
        "path", "tags", "step", "epoch", "metric", "monitor", "present", "files", "bytes",
        "origin", "also named at",
    )  # fmt: skip
    rows = [
        (
            item.path,
            listed(item.tags),
            item.step,
            item.epoch,
            _cell(item.metric),
            item.monitor,
            item.present,
            item.files,
            item.bytes,
            origin(item.origin, item.at),
            places(item.named_at) if item.named_at else None,
        )
        for item in record.checkpoints
    ]
    return Table(columns, rows, always=3)


def digests(record: RunRecord) -> Table:
    """Checksums of the checkpoints' files."""
    rows = [
        (item.path, digest.path, digest.algorithm, digest.value, digest.origin.value)
        for item in record.checkpoints
        for digest in item.digests
    ]
    return Table(("checkpoint", "file", "algorithm", "digest", "origin"), rows)


def _cell(value: Value) -> Cell:
    if isinstance(value, str | int | float) or value is None:
        return value
    return json.dumps(to_json(value), ensure_ascii=False)


def attempts(record: RunRecord) -> Table:
    """Every start and resume of every step."""
    columns = (
        "step", "attempt", "id", "status", "status word", "started", "finished", "host",
        "exit code", "first step", "changed", "logs",
    )  # fmt: skip
    rows = [
        (
            step.step_id,
            item.n,
            item.id if item.id != str(item.n) else None,
            item.status,
            item.status_word,
            item.started_at,
            item.finished_at,
            item.host,
            item.exit_code,
            item.first_step,
            _compact(item.params_changed),
            listed(item.logs),
        )
        for step in record.steps
        for item in step.attempts
    ]
    return Table(columns, rows, always=2)


def accounting(record: RunRecord) -> Table:
    """What became of everything that each artifact holds."""
    columns = (
        "artifact", "kind", "bytes", "read", "dropped", "corrupt", "duplicate", "superseded",
        "reasons", "scope",
    )  # fmt: skip
    rows = [
        (
            item.path,
            item.kind,
            item.bytes,
            item.read,
            item.dropped,
            item.corrupt,
            item.duplicate,
            item.superseded,
            sentence(_counted(item.reasons)),
            item.scope if item.scope != "run" else None,
        )
        for item in record.accounting
    ]
    return Table(columns, rows, always=8)


def problems(record: RunRecord) -> Table:
    """What was wrong with the data."""
    rows = [
        (item.code, sentence(item.message), _position(item), sentence(item.hint),
         item.reader)
        for item in record.problems
    ]  # fmt: skip
    return Table(("problem", "message", "at", "hint", "reader"), rows, always=3)


def _position(item: Problem) -> Markdown:
    """Where a problem stands, with its line and column where they are known."""
    if item.line is None:
        return place(item.at)
    column = f", column {item.column}" if item.column is not None else ""
    return Markdown(f"{place(item.at)} (line {item.line}{column})")


def related(record: RunRecord) -> Table:
    """Other runs that hang together with this one."""
    rows = [(item.relation, item.run_id) for item in record.run.related]
    return Table(("relation", "run_id"), rows, always=2)


def checklist(record: RunRecord) -> Table:
    """Every field of the registry and how it is answered."""
    rows = [
        (
            Markdown(item.section.value),
            _checklist_name(item),
            Markdown(item.meaning + (f" ({item.unit})" if item.unit else "")),
            prose(record.coverage.fields.get(item.name, NOT_RECORDED)),
        )
        for item in fields.FIELDS
    ]
    return Table(("section", "field", "description", "answer"), rows, always=4)


def _checklist_name(item: fields.Field) -> Markdown:
    if item.section is Section.STEPS:
        return inline(item.name.partition(".")[2])
    return inline(item.name if item.home in (Home.CHECKPOINTS, Home.DATA_COPIES) else item.label)
