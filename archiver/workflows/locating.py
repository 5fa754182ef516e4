"""The lines that findings speak of: rules name values, people and editors want lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from archiver.audit import Audit
from archiver.codecs.positions import nearest, positions
from archiver.limits import Limits
from archiver.model.claims import Location
from archiver.model.findings import Finding, Position
from archiver.rundir import ReadFault, RunDir, Tree

_FORMATS = {"json": "json", "toml": "toml", "yaml": "yaml", "yml": "yaml"}
_MOST_FILES = 100
"""Files of one run that are opened again for this."""


def located(audit: Audit, trees: Sequence[tuple[RunDir, Tree]], limits: Limits) -> Audit:
    """The audit with the positions of what its findings point at, as far as they can be had."""
    suppressed = [item.finding for item in audit.suppressed]
    wanted: dict[tuple[str, str], set[str]] = {}
    for finding in (*audit.findings, *audit.known, *suppressed):
        for at in _unknown(finding):
            wanted.setdefault((at.scope, at.path), set()).add(at.place)
    found: dict[Location, Position] = {}
    for (scope, path), pointers in list(wanted.items())[:_MOST_FILES]:
        for pointer, position in _positions(scope, path, pointers, trees, limits).items():
            found[Location(path, pointer, scope)] = position
    if not found:
        return audit
    return replace(
        audit,
        findings=tuple(_with(item, found) for item in audit.findings),
        known=tuple(_with(item, found) for item in audit.known),
        suppressed=tuple(
            replace(item, finding=_with(item.finding, found)) for item in audit.suppressed
        ),
    )


def _unknown(finding: Finding) -> Iterable[Location]:
    places = [(finding.at, finding.position)]
    places += [(place.at, place.position) for place in finding.related]
    return (at for at, position in places if position is None and at.place.startswith("/"))


def _positions(
    scope: str,
    path: str,
    pointers: set[str],
    trees: Sequence[tuple[RunDir, Tree]],
    limits: Limits,
) -> Mapping[str, Position]:
    """Where the values of one file stand; nothing where it cannot be read any more."""
    form = _FORMATS.get(path.rpartition(".")[2].lower())
    for run, tree in trees:
        entry = tree.by_path.get(path)
        if run.scope != scope or entry is None or form is None or entry.type != "file":
            continue
        try:
            handle = run.open(entry)
        except ReadFault:
            return {}
        try:
            data = handle.read_at(0, limits.document_bytes)
        except ReadFault:
            return {}
        finally:
            handle.close()
        # Of a value that is not there, what should hold it.
        above = {pointer.rpartition("/")[0] for pointer in pointers}
        known = positions(form, data, {*pointers, *above}, limits)
        placed = {pointer: nearest(pointer, known) for pointer in pointers}
        return {pointer: place for pointer, place in placed.items() if place is not None}
    return {}


def _with(finding: Finding, found: Mapping[Location, Position]) -> Finding:
    return replace(
        finding,
        position=finding.position or found.get(finding.at),
        related=tuple(
            replace(place, position=place.position or found.get(place.at))
            for place in finding.related
        ),
    )
