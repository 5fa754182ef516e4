"""The audits of runs, archives and single artifacts, with every reader and rule at hand."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from archiver import assemble, audit, redact, registry
from archiver.artifact import Artifact
from archiver.audit import Audit, Setting
from archiver.case import Case
from archiver.collect import Policy as Keeping
from archiver.errors import ArchiverError
from archiver.extension import Reader
from archiver.model.claims import Location
from archiver.model.findings import Fact, RunFindings
from archiver.model.plain import dataclass
from archiver.model.record import Accounting, Coverage, FileEntry, RunIdentity, RunRecord
from archiver.policy import refuse_own
from archiver.rundir import Entry, ReadFault, RunDir, Tree, printable_path
from archiver.schemacheck import artifacts as schemacheck
from archiver.schemacheck.index import SchemaFile
from archiver.series import Joined
from archiver.workflows import auditing, locating, sources
from archiver.workflows.options import UnknownKindError, ValidateOptions, refuse_output_in
from archiver.workflows.progress import Progress, silent
from archiver.workflows.sources import ReadOptions, Source


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read of a run, without secrets."""

    record: RunRecord
    files: tuple[FileEntry, ...]
    series: Sequence[Joined]
    trees: tuple[tuple[RunDir, Tree], ...]
    recognised: bool
    """Whether something was read, all of it by readers that know it by its content."""


@dataclass
class Audits:
    """The audits of one path."""

    options: ValidateOptions
    now: dt.datetime | None = None
    progress: Progress = silent
    unplaced: bool = False
    """Whether what was read is no run by any contract."""

    @property
    def reading(self) -> ReadOptions:
        """How runs are read."""
        # Kept for the search for secrets, and dropped with the run.
        keeping = Keeping("artifacts", self.options.hash)
        return ReadOptions(policy=keeping, limits=self.options.limits)

    def of(self, path: Path) -> list[tuple[RunFindings, Audit]]:
        """Every run, archive or artifact that a path names or holds.

        Raises:
            ArchiverError: when there is none, or it cannot be looked at.
        """
        if not path.is_dir():
            return [self.artifact(path)]
        from archiver.package import loading

        if loading.is_archive(path):
            return [self.archive(path)]
        found = sources.each(path, self.reading, self.run, self.archive)
        if self.unplaced and len(found) == 1:
            raise ArchiverError(
                str(path),
                "holds no run that any contract knows",
                "give a run directory or one that holds some; `collect` takes any directory",
            )
        return found

    def run(self, source: Source) -> tuple[RunFindings, Audit]:
        """One run directory."""
        refuse_own(source.place, self.options.policy)
        refuse_output_in(source.place, self.options.output)
        with ExitStack() as held:
            found = self._read(source, held)
            self.unplaced = not found.record.run.producers
            case = auditing.case_of(
                found.record,
                found.files,
                auditing.spooled(found.record, found.series),
                required=self.options.policy.require,
                now=self.now,
            )
            roots = {"run": _shown(source.run.root)}
            if source.beside is not None:
                roots["experiment"] = _shown(source.beside[0].root)
            return self._judge(case, roots, source.run.root, found.trees)

    def _read_file(self, source: Source, held: ExitStack) -> _Found:
        """A single file, read by a likely reader that recognises it; only else all are asked."""
        likely = sources.likely(source.tree.files[0].name)
        if likely:
            found = self._read(source, held, likely)
            if found.recognised:
                return found
        return self._read(source, held)

    def _read(
        self, source: Source, held: ExitStack, readers: tuple[Reader[Any], ...] | None = None
    ) -> _Found:
        found = sources.read(source, replace(self.reading, readers=readers), self.progress, held)
        assembled = assemble.assemble(found.collected, found.spool, source.placement, {})
        redactor = redact.gather(found.collected, found.snapshots, ())
        record = redact.redact(assembled.record, redactor)
        files = redact.redact_files(found.collected.files, redactor)
        recognised = bool(found.collected.readings) and not found.collected.doubtful
        return _Found(record, tuple(files), assembled.series.all, found.trees, recognised)

    def archive(self, path: Path) -> tuple[RunFindings, Audit]:
        """One archive, by its record."""
        from archiver.package import loading

        # Its copies are the run's files: a policy among them is the run's own.
        refuse_own(path, self.options.policy)
        refuse_output_in(path, self.options.output)
        record = loading.record(path)
        files = loading.files(path)
        case = auditing.case_of(
            record,
            files,
            auditing.archived(path, record),
            required=self.options.policy.require,
            now=self.now,
        )
        roots = {entry.scope: _shown(path / "data" / entry.scope) for entry in files}
        roots["run"] = _shown(path / "data")
        with ExitStack() as held:
            trees = [
                (held.enter_context(RunDir(path, scope, self.options.limits)), tree)
                for scope, tree in _copies(files)
            ]
            return self._judge(case, roots, path, trees)

    def artifact(self, path: Path) -> tuple[RunFindings, Audit]:
        """One artifact by itself.

        Raises:
            ArchiverError: when it is none that is known.
        """
        if not path.exists():
            raise ArchiverError(str(path), "does not exist", "give a file or a directory that does")
        refuse_output_in(path, self.options.output)
        whole = sources.resolved(path)
        with RunDir(whole.parent, "run", self.options.limits) as home:
            tree = home.only(whole.name)
            if not tree.files:
                hint = "give a file or a directory"
                raise ArchiverError(str(path), "is a special file", hint)
            placement = assemble.Placement(sources.name_of(whole), whole.name, None)
            with ExitStack() as held:
                found = self._read_file(Source(home, tree, placement), held)
                if not found.record.accounting and not found.record.problems:
                    raise UnknownKindError(path)
                facts = frozenset({Fact.FILES, Fact.HASHES})
                # What it holds may change, and it is the same file all the same.
                run = replace(found.record.run, identity=_named(path))
                record = replace(found.record, run=run)
                case = Case(record=record, files=found.files, facts=facts)
                return self._single(case, path, found.trees)

    def by_schema(self, path: Path, schema: SchemaFile) -> tuple[RunFindings, Audit]:
        """One file held to a schema.

        Raises:
            ArchiverError: when the system will not let it be read.
        """
        whole = sources.resolved(path)
        with RunDir(whole.parent, "run", self.options.limits) as home:
            tree = home.only(whole.name)
            artifact = Artifact(home, tree, tree.files, whole.name, self.options.limits)
            try:
                problems = schemacheck.check(artifact, schema)
            except ReadFault as fault:
                raise ArchiverError(str(path), fault.strerror or "", "give another file") from None
            finally:
                artifact.close()
        kind = schema.described.kind if schema.described is not None else schema.name
        books = Accounting(whole.name, kind, artifact.size, read=1)
        name = sources.name_of(whole)
        record = RunRecord(
            run=RunIdentity(name, assemble.UNFILED, (), {}, name, _named(path)),
            coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
            problems=problems,
            accounting=(books,),
        )
        return self._single(Case(record=record, facts=frozenset()), path, ())

    def _single(
        self, case: Case, path: Path, trees: Sequence[tuple[RunDir, Tree]]
    ) -> tuple[RunFindings, Audit]:
        told, done = self._judge(case, {"run": _shown(path.parent)}, path, trees)
        return replace(
            told, run_id=path.name, producers=(), status=None, reproducibility=None
        ), done

    def _judge(
        self,
        case: Case,
        roots: dict[str, str],
        root: Path,
        trees: Sequence[tuple[RunDir, Tree]] = (),
    ) -> tuple[RunFindings, Audit]:
        policy = self.options.policy
        base = policy.base or Path.cwd()

        def paths(at: Location) -> tuple[str, ...]:
            own = _relative(root, base)
            return (own, f"{own}/{at.path}") if at.path else (own,)

        setting = Setting(registry.rules(), policy, self.options.baseline, paths)
        done = locating.located(audit.audit(case, setting), trees, self.options.limits)
        record = case.record
        status = record.fields.get("summary.status")
        found = RunFindings(
            path=_shown(root),
            run_id=record.run.run_id,
            producers=record.run.producers,
            status=str(status.value) if status is not None else None,
            findings=done.findings,
            suppressed=done.suppressed,
            known=done.known,
            rules_not_run=done.rules_not_run,
            artifacts=len(record.accounting),
            roots=roots,
            reproducibility=done.reproducibility,
        )
        return found, done


def _copies(files: Sequence[FileEntry]) -> Iterator[tuple[str, Tree]]:
    """The copies that an archive holds, by scope, under the names that they had in the run."""
    for scope in dict.fromkeys(entry.scope for entry in files):
        entries = [
            Entry(entry.path, entry.copied, "file", entry.bytes or 0, 0)
            for entry in files
            if entry.scope == scope and entry.copied is not None and _inside(entry.copied)
        ]
        yield scope, Tree(tuple(entries))


def _inside(copied: str) -> bool:
    """Whether a path that an inventory names stays inside of its archive."""
    parts = copied.split("/")
    return parts[0] == "data" and not {"", ".", ".."}.intersection(parts)


def _named(path: Path) -> str:
    """What tells a single file from others: the path that it is given by."""
    return hashlib.sha256(_shown(path).encode()).hexdigest()


def _shown(path: Path) -> str:
    """A path for people and reports: POSIX, valid Unicode."""
    return printable_path(path.as_posix())


def _relative(path: Path, base: Path) -> str:
    """A path as the policy's patterns name it: below the policy's directory where it is there."""
    whole = sources.resolved(path)
    try:
        return _shown(whole.relative_to(base.resolve()))
    except ValueError:
        return _shown(whole)
