"""Redaction of a whole record, once, before anything else sees it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TypeVar, cast

from archiver.collect import Collected
from archiver.model.claims import COMMAND_LINE, Location, Problem
from archiver.model.record import FileEntry, RunRecord
from archiver.model.values import Tagged, Value
from archiver.redaction import Hit, Redactor, SecretGatherer
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
        gatherer.value({name: value}, COMMAND_LINE)
    for entry in sorted(collected.files, key=lambda item: (item.scope, natural(item.path))):
        at = Location(entry.path, "", entry.scope)
        gatherer.text(entry.path, at)
        data = snapshots.get(entry.scope, entry.path)
        if data is not None:
            gatherer.file(data.decode("utf-8", "replace"), at)
    for config in sorted(collected.all("configs"), key=lambda item: natural(item.id)):
        gatherer.value(config.values, config.at)
    for claim in collected.claims:
        gatherer.value({claim.field.rpartition(".")[2]: claim.value}, claim.at)
    for reading in collected.readings:
        if reading.extras and reading.accounting is not None:
            at = Location(reading.accounting.path, "", reading.accounting.scope)
            gatherer.value(dict(reading.extras), at)
    return gatherer.finish()


def redact(record: RunRecord, redactor: Redactor) -> RunRecord:
    """The record without any secret; that there was one is a problem of its file."""
    told = dataclasses.replace(record, problems=(*record.problems, *_secrets(redactor)))
    return cast("RunRecord", _redact(told, redactor, None))


def _secrets(redactor: Redactor) -> Iterator[Problem]:
    """One problem for each file that a secret was first met in.

    What may as well be none is left out, and what the person who archives declared.
    """
    files: dict[tuple[str, str], list[Hit]] = {}
    for hit in redactor.hits:
        if not hit.doubtful and hit.where.scope != COMMAND_LINE.scope:
            files.setdefault((hit.where.scope, hit.where.path), []).append(hit)
    for hits in files.values():
        kinds = Counter(hit.kind for hit in hits)
        if len(hits) == 1:
            what = f"a secret stands in it in clear ({hits[0].kind})"
        else:
            listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            what = f"{len(hits)} secrets stand in it in clear ({listed})"
        hint = "revoke it where it was issued, then remove it; an archive holds a marker instead"
        yield Problem("secret", what, hits[0].where, hint, "redact")


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
