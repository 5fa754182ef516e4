"""Redaction of a whole record, once, before anything else sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from enum import Enum
from typing import TypeVar, cast

from archiver.collect import Collected
from archiver.model.record import FileEntry, RunRecord
from archiver.model.values import Tagged, Value
from archiver.redaction import Redactor, SecretGatherer
from archiver.rundir import natural
from archiver.snapshots import SnapshotStore

T = TypeVar("T")

_PLAIN = frozenset({"sha256", "mtime", "identity"})
"""Fields that hold what the archiver itself computed."""


def gather(
    collected: Collected, snapshots: SnapshotStore, declared: Iterable[tuple[str, str]]
) -> Redactor:
    """Find the secrets of every reading and every kept file, in path order."""
    gatherer = SecretGatherer()
    for name, value in declared:
        gatherer.value({name: value}, "command line")
    for entry in sorted(collected.files, key=lambda item: (item.scope, natural(item.path))):
        gatherer.text(entry.path, entry.path)
        data = snapshots.get(entry.scope, entry.path)
        if data is not None:
            gatherer.text(data.decode("utf-8", "replace"), entry.path)
    for config in sorted(collected.all("configs"), key=lambda item: natural(item.id)):
        gatherer.value(config.values, config.at.path)
    for claim in collected.claims:
        gatherer.value({claim.field.rpartition(".")[2]: claim.value}, claim.at.path)
    for reading in collected.readings:
        if reading.extras and reading.accounting is not None:
            gatherer.value(dict(reading.extras), reading.accounting.path)
    return gatherer.finish()


def redact(record: RunRecord, redactor: Redactor) -> RunRecord:
    """The record without any secret."""
    return cast("RunRecord", _redact(record, redactor, None))


def redact_files(files: Iterable[FileEntry], redactor: Redactor) -> list[FileEntry]:
    """The inventory without any secret in its names."""
    return [cast("FileEntry", _redact(entry, redactor, None)) for entry in files]


def _redact(item: object, redactor: Redactor, key: str | None) -> object:
    if isinstance(item, Enum) or item is None or isinstance(item, bool | int | float):
        return item
    if isinstance(item, str | Tagged):
        return redactor.value(item, key)
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return _redact_dataclass(item, redactor, key)
    if isinstance(item, tuple):
        return tuple(_redact(part, redactor, key) for part in item)
    if isinstance(item, dict) and any(map(dataclasses.is_dataclass, item.values())):
        return {
            redactor.text(str(name)): _redact(part, redactor, str(name).rpartition(".")[2])
            for name, part in item.items()
        }
    return redactor.value(cast("Value", item), key)


def _redact_dataclass(item: object, redactor: Redactor, key: str | None) -> object:
    """Field by field; the values of a record field stand under that field's own name."""
    changed = {}
    for spec in dataclasses.fields(item):  # type: ignore[arg-type]
        value = getattr(item, spec.name)
        if spec.name in _PLAIN:
            continue
        clean = _redact(value, redactor, key if spec.name in ("value", "others") else None)
        if clean is not value:
            changed[spec.name] = clean
    return dataclasses.replace(item, **changed) if changed else item  # type: ignore[type-var]
