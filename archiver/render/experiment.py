"""EXPERIMENT.md: the runs of one experiment side by side, from their records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from archiver.model.record import Resolved, RunRecord, Step
from archiver.model.values import Value, same
from archiver.render.escape import Markdown, inline, prose
from archiver.render.shapes import Bullet, Cell, Table, listed, number
from archiver.render.values import scalar

_MOST_COLUMNS = 6
"""Differing parameters shown beside the results; the table below has them all."""
_WIDEST = 12
"""Runs that the table of parameters sets side by side."""
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Page:
    """What the template asks for."""

    name: str
    records: Sequence[RunRecord]
    plot: str | None
    """Path of the time line."""

    def lines(self) -> list[Bullet]:
        """How many runs of which kind, and how they ended."""
        statuses = Counter(_status(record) for record in self.records)
        producers = dict.fromkeys(name for record in self.records for name in record.run.producers)
        counted = ", ".join(f"{count} {word}" for word, count in sorted(statuses.items()))
        starts = sorted(
            filter(None, (_text(record, "summary.started_at") for record in self.records))
        )
        found = [
            Bullet("**Runs**", Markdown(f"{len(self.records)}: {counted}")),
            Bullet(
                "**Written by**", Markdown(", ".join(map(inline, producers)) or "no known producer")
            ),
        ]
        if starts:
            span = f"{inline(starts[0][:19])} to {inline(starts[-1][:19])}"
            found.append(Bullet("**First and last start**", Markdown(span)))
        return found

    def runs(self) -> Table:
        """One row per run: how it ended, what differs, what came out."""
        differing = _ranked(self.records)[:_MOST_COLUMNS]
        columns = (
            "run", "status", "started", "duration (s)", *differing,
            "final loss", "best loss", "results", "problems",
        )  # fmt: skip
        rows = [self._row(record, differing) for record in self.records]
        return Table(columns, rows, always=2)

    def _row(self, record: RunRecord, differing: Sequence[str]) -> tuple[Cell, ...]:
        params = _params(record)
        training = next((s.training for s in reversed(record.steps) if s.training), None)
        duration = _field(record, "summary.duration_sec")
        return (
            Markdown(f"[{inline(record.run.run_id)}]({quote(record.run.run_id)}/ARCHIVE.md)"),
            _status(record),
            (_text(record, "summary.started_at") or "")[:19] or None,
            duration.value if duration and isinstance(duration.value, int | float) else None,
            *(_cell(params[name]) if name in params else None for name in differing),
            _number(training.final_loss) if training else None,
            _number(training.best_loss) if training else None,
            listed([_result(*found) for found in _results(record) if not _is_error(found[1])]),
            len(record.problems) or None,
        )

    def parameters(self) -> Table | None:
        """Every parameter that is not the same in all runs; None where that says nothing."""
        names = _ranked(self.records)
        if not names or len(self.records) > _WIDEST:
            return None
        known = [_params(record) for record in self.records]
        rows = [
            (name, *(_cell(params[name]) if name in params else None for params in known))
            for name in names
        ]
        columns = ("parameter", *(record.run.run_id for record in self.records))
        return Table(columns, rows, always=2)

    def evaluations(self) -> Table:
        """One row per evaluation of every run."""
        rows = [
            (
                record.run.run_id,
                step.step_id,
                step.status,
                listed([_tail(name) or "" for name in step.eval.datasets]),
                _samples(step),
                _tail(step.eval.checkpoint),
                listed([f"{name} {_short(value)}" for name, value in step.eval.results.items()]),
            )
            for record in self.records
            for step in record.steps
            if step.eval is not None
        ]
        columns = ("run", "step", "status", "datasets", "samples", "checkpoint", "results")
        return Table(columns, rows, always=3)

    def jobs(self) -> Table:
        """One row per attempt of every step, in the order in which they started."""
        rows = [
            (
                item.started_at,
                item.finished_at,
                record.run.run_id,
                _step(step),
                item.id if item.id != str(item.n) else None,
                item.status,
                item.status_word,
                listed(
                    [f"{name} = {_short(value)}" for name, value in item.params_changed.items()]
                ),
            )
            for record in self.records
            for step in record.steps
            for item in step.attempts
        ]
        rows.sort(key=lambda row: (row[0] is None, row[0] or "", row[2], row[3]))
        columns = ("started", "finished", "run", "step", "job", "status", "status word", "changed")
        return Table(columns, rows, always=4)


def _field(record: RunRecord, name: str) -> Resolved | None:
    return record.fields.get(name)


def _text(record: RunRecord, name: str) -> str | None:
    found = _field(record, name)
    return found.value if found is not None and isinstance(found.value, str) else None


def _status(record: RunRecord) -> str:
    return _text(record, "summary.status") or "unknown"


def _params(record: RunRecord) -> Mapping[str, Value]:
    """Parameters of the training steps, by dotted path."""
    flat: dict[str, Value] = {}
    for step in record.steps:
        for name, value in _leaves(step.params) if step.name == "train" and step.params else ():
            flat.setdefault(name, value)
    return flat


def _leaves(value: Value, prefix: str = "") -> Iterable[tuple[str, Value]]:
    """Values that are no maps, by dotted path."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value


def _ranked(records: Sequence[RunRecord]) -> list[str]:
    """Names of parameters that differ; those that tell the most runs apart come first.

    What merely follows from a run's own name, and paths, tell nothing.
    """
    every = [(record.run.run_id, _params(record)) for record in records]
    known = [(run, params) for run, params in every if params]
    ranked = []
    for name in dict.fromkeys(name for _, params in known for name in params):
        values = [params.get(name) for _, params in known]
        first = values[0]
        if all(same(first, value) for value in values):
            continue
        names_itself = any(_names_itself(run, params.get(name)) for run, params in known)
        if not names_itself:
            there = sum(name in params for _, params in known)
            ranked.append((-there, name.count("."), name))
    return [name for _, _, name in sorted(ranked)]


def _names_itself(run_id: str, value: Value | None) -> bool:
    return isinstance(value, str) and (run_id in value or "/" in value)


def _results(record: RunRecord) -> list[tuple[Step, str, Value]]:
    return [
        (step, name, value)
        for step in record.steps
        if step.eval is not None
        for name, value in step.eval.results.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]


def _is_error(name: str) -> bool:
    """Whether it is the error of another result; the table of evaluations has it."""
    return name.rpartition("/")[2] == "stderr"


def _result(step: Step, name: str, value: Value) -> str:
    return f"{step.step_id.removeprefix('eval:')} {name} {_short(value)}"


def _tail(path: str | None) -> str | None:
    """The end of a path, which tells the runs of one experiment apart."""
    parts = (path or "").rstrip("/").split("/")
    return "/".join(parts[-2:]) or None


def _samples(step: Step) -> str | None:
    if step.eval is None or not step.eval.samples:
        return None
    counts = step.eval.samples
    return prose(f"{counts.get('done', '?')} of {counts.get('total', '?')}")


def _step(step: Step) -> Markdown:
    return prose(f"{step.step_id} {step.name}" if step.step_id.isdecimal() else step.step_id)


def _short(value: Value) -> str:
    return number(value) if isinstance(value, int | float) else str(scalar(value))


def _number(value: Value) -> Cell:
    return value if isinstance(value, int | float | str) else None


def _cell(value: Value) -> Cell:
    if value is None or isinstance(value, bool | int | float):
        return "none" if value is None else value
    text = value if isinstance(value, str) else str(scalar(value))
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
