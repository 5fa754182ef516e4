"""What came before a run: chosen, compared, and put right where an earlier one arrives later.

A run is compared when it is archived, with what stands there by then. Afterwards every archive of
the experiment is looked at once: one whose run before is another by now is revised from itself, so
the order and the number of calls that made the archives do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from archiver import assemble
from archiver.derive import derived
from archiver.errors import ArchiverError
from archiver.model.claims import COMMAND_LINE, Origin
from archiver.model.record import Resolved, RunRecord
from archiver.package import archive, layout, loading, staging, succession
from archiver.package.succession import CONFIG_DIFF, PREVIOUS_RUN, Place, Succession
from archiver.workflows import auditing
from archiver.workflows.comparing import of_archive

if TYPE_CHECKING:
    from archiver.diff.options import RunData

_RULE = "latest-earlier-start-of-the-experiment"


@dataclass
class Linking:
    """The links from runs to those before them, while one call archives runs."""

    named: Path | None = None
    """Archive of the run before, where the person says which it is."""
    faults: dict[str, ArchiverError] = field(default_factory=dict)
    """Archives of the experiment that could not be compared or revised, each told once."""
    _homes: dict[Path, Succession] = field(default_factory=dict)

    def link(self, home: Path, found: RunData) -> archive.Linked:
        """The record of a run that is about to be archived, and what differs from the one before.

        Raises:
            ArchiverError: the archive that the person named cannot be compared.
        """
        if self.named is not None:
            return self._declared(self.named, found)
        if home not in self._homes:
            self._homes[home] = succession.of_home(home)
        linked = self._chosen(home, found, self._homes[home])
        place = succession.of_record(linked.record)
        if place is not None:
            self._homes[home].add(place)
        return linked

    def settle(self, home: Path) -> dict[Path, RunRecord]:
        """Revise the archives of an experiment that name another run than the one before them.

        Those that were revised, with their records. What cannot be revised is among the faults.

        Raises:
            ArchiverError: when the experiment's directory cannot be looked at.
        """
        try:
            with staging.locked(home):
                known = succession.of_home(home)
                for path in known.damaged:
                    fault = ArchiverError(
                        str(path), "is no record", "collect that run again, or restore its archive"
                    )
                    self.faults[str(fault)] = fault
                revised = {}
                for place in known:
                    record = self._revised(home, place, known)
                    if record is not None:
                        revised[home / place.name] = record
                return revised
        except OSError as failed:
            subject, hint = str(failed.filename or home), "make room and permission there"
            raise ArchiverError(subject, failed.strerror or "cannot be read", hint) from None

    def _revised(self, home: Path, place: Place, known: Succession) -> RunRecord | None:
        """The record of a revised archive; None where nothing changed, or it could not be."""
        if place.fixed or self._is_told(home, place, known):
            return None
        target = home / place.name
        try:
            found = of_archive(target, "")
            linked = self._chosen(home, replace(found, record=_plain(found.record)), known)
            document = retold(target, replace(found, record=linked.record))
            return linked.record if archive.revise(target, linked, document) else None
        except ArchiverError as fault:
            self.faults[str(fault)] = fault
            return None

    def _is_told(self, home: Path, place: Place, known: Succession) -> bool:
        """Whether an archive tells of the run before it as that is now."""
        before = next(known.before(place), None)
        if before is None or before.name != place.previous:
            return before is None and place.previous is None
        # Whatever call wrote the one before, and however that ended: what is older may be stale.
        page, record = home / place.name / layout.PREVIOUS, home / before.name / layout.RECORD
        return page.exists() and page.stat().st_mtime_ns > record.stat().st_mtime_ns

    def _chosen(self, home: Path, found: RunData, known: Succession) -> archive.Linked:
        """The run linked to the latest that started before it and can be compared."""
        place = succession.of_record(found.record)
        started = found.record.fields.get("summary.started_at")
        grouped = found.record.run.experiment != assemble.UNFILED
        if place is None or place.fixed or started is None or not grouped:
            return archive.Linked(found.record, None)
        for before in known.before(place):
            try:
                other = of_archive(home / before.name, "")
                page = _page(other, found)
            except ArchiverError as fault:
                self.faults[str(fault)] = fault
                continue
            told = {
                name: derived(value, _RULE, (started.at,))
                for name, value in _values(other.record).items()
            }
            return archive.Linked(_with(found.record, told), page)
        return archive.Linked(found.record, None)

    def _declared(self, named: Path, found: RunData) -> archive.Linked:
        other = of_archive(named, "")
        if other.record.run.identity == found.record.run.identity:
            hint = "give that of another one"
            raise ArchiverError(f"--previous {named}", "is an archive of this very run", hint)
        told = {
            name: Resolved(value, Origin.DECLARED, COMMAND_LINE, "command line")
            for name, value in _values(other.record).items()
        }
        return archive.Linked(_with(found.record, told), _page(other, found))


def retold(target: Path, found: RunData) -> str:
    """ARCHIVE.md of a run that was read from its archive.

    Raises:
        ArchiverError: the archive's findings cannot be read.
    """
    from archiver.render import markdown

    audit = auditing.unconditional(found.record, found.files, found.points)
    audit = replace(audit, findings=loading.findings(target))
    drawn = sorted(path.name for path in (target / layout.PLOTS).glob("*"))
    plots = [f"{layout.PLOTS}/{name}" for name in drawn]
    return markdown.archive(found.record, plots, found.files, audit)


def _page(before: RunData, found: RunData) -> str:
    from archiver.diff import comparing
    from archiver.render import diff

    return diff.comparison(comparing.compare(before, found))


def _values(before: RunRecord) -> dict[str, str]:
    return {PREVIOUS_RUN: before.run.run_id, CONFIG_DIFF: layout.PREVIOUS}


def _with(record: RunRecord, told: dict[str, Resolved]) -> RunRecord:
    record = replace(record, fields=dict(sorted({**record.fields, **told}.items())))
    return replace(record, coverage=assemble.cover(record))


def _plain(record: RunRecord) -> RunRecord:
    """The record as it is without any run before it."""
    own = (PREVIOUS_RUN, CONFIG_DIFF)
    fields = {name: item for name, item in record.fields.items() if name not in own}
    return _with(replace(record, fields=fields), {})
