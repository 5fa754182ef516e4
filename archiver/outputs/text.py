"""The report for people: the findings of each run, and a last line that sums up.

Of one run everything is told, and whether it can be reproduced. Of several, errors and warnings
run by run, then the notes by rule: what nobody wrote down is the same in run after run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from archiver.codecs.visible import safe
from archiver.extension import Encoder, Help, Report
from archiver.model.findings import Finding, Place, RunFindings, Severity, pointer_of, position_of

_COLOURS = {Severity.ERROR: "31;1", Severity.WARNING: "33", Severity.NOTE: "36"}
_BOLD, _DIM = "1", "2"
_MOST_RUNS = 3
"""Runs that are named for a note that many have."""
_MOST_RELATED = 5


def _encode(report: Report, _book: Mapping[str, Help], colour: bool) -> str:  # noqa: FBT001
    page = _Page(colour)
    lines: list[str] = []
    single = len(report.runs) == 1
    for run in report.runs:
        lines += page.run(run, notes=single)
    if not single:
        lines += page.notes(report.runs)
    lines += page.not_run(report.runs)
    lines.append(_summary(report))
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Page:
    colour: bool

    def paint(self, text: str, code: str) -> str:
        """Text in a colour; whatever it holds is made visible first."""
        clean = safe(text)
        return f"\x1b[{code}m{clean}\x1b[0m" if self.colour else clean

    def run(self, run: RunFindings, *, notes: bool) -> Iterator[str]:
        """One run, unless there is nothing to tell of it."""
        told = [item for item in run.findings if notes or item.severity is not Severity.NOTE]
        if not told and not notes:
            return
        yield self.paint(_title(run), _BOLD)
        for item in told:
            yield from self.finding(item)
        yield from self.reproducibility(run) if notes else ()
        yield ""

    def finding(self, item: Finding) -> Iterator[str]:
        """Severity, place and rule; what was found; what to do."""
        word = self.paint(f"{item.severity.value:<8}", _COLOURS[item.severity])
        place = _place(Place(item.at, "", item.position))
        yield f"  {word}{safe(place)}{self.paint(f'[{item.rule} {item.name}]', _DIM)}"
        yield f"          {safe(item.message)}"
        for other in item.related[:_MOST_RELATED]:
            yield f"          {self.paint(f'{_place(other)}{other.message}', _DIM)}"
        if len(item.related) > _MOST_RELATED:
            rest = len(item.related) - _MOST_RELATED
            yield f"          {self.paint(f'and {rest} more places', _DIM)}"
        if item.hint:
            yield f"          {self.paint(f'hint: {item.hint}', _DIM)}"

    def reproducibility(self, run: RunFindings) -> Iterator[str]:
        """What a person wants to know in the end."""
        judged = run.reproducibility
        if judged is None:
            return
        yield f"  can this run be reproduced: {self.paint(judged.answer, _BOLD)}"
        for label, parts in (("missing", judged.missing), ("recorded", judged.known)):
            if parts:
                yield f"    {label:<9} {safe(', '.join(parts))}"

    def notes(self, runs: Iterable[RunFindings]) -> Iterator[str]:
        """The notes of many runs, by rule."""
        by_rule: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
        for run in runs:
            for item in run.findings:
                if item.severity is Severity.NOTE:
                    by_rule.setdefault((item.rule, item.name), {})[run.path, run.run_id] = None
        if not by_rule:
            return
        yield self.paint("notes", _BOLD)
        for (rule, name), holders in sorted(by_rule.items()):
            named = [run_id for _, run_id in holders]
            more = f" and {len(named) - _MOST_RUNS} more" if len(named) > _MOST_RUNS else ""
            label = self.paint(f"{rule} {name}", _COLOURS[Severity.NOTE])
            shown = safe(", ".join(named[:_MOST_RUNS]))
            yield f"  {label} in {_counted(len(named), 'run')}: {shown}{more}"
        yield ""

    def not_run(self, runs: Iterable[RunFindings]) -> Iterator[str]:
        """Rules that could not judge, with the reason, told once."""
        reasons: dict[str, dict[str, None]] = {}
        for run in runs:
            for rule, reason in run.rules_not_run.items():
                reasons.setdefault(reason, {})[rule] = None
        for reason, rules in sorted(reasons.items()):
            yield self.paint(f"not judged: {', '.join(sorted(rules))}: {reason}", _DIM)


def _title(run: RunFindings) -> str:
    """The path, and the run's name where the path does not say it."""
    name = run.path.rpartition("/")[2]
    return run.path if run.run_id in (name, "") else f"{run.path} ({run.run_id})"


def _place(place: Place) -> str:
    """`path:line:column pointer `, as far as it is known; with a blank behind it."""
    at = place.at
    if not at.path:
        return ""
    shown = at.path if at.scope == "run" else f"{at.scope}:{at.path}"
    position = position_of(at, place.position)
    if position is not None:
        shown += f":{position.line}" + (f":{position.column}" if position.column else "")
    pointer = pointer_of(at)
    if pointer is not None:
        return f"{shown} {pointer} "
    return f"{shown} " if not at.place or position is not None else f"{shown}#{at.place} "


def _summary(report: Report) -> str:
    counts = report.summary()
    found = ", ".join(_counted(counts[word], word) for word in counts)
    checked = (
        f"{_counted(len(report.runs), 'run')}, {_counted(report.artifacts, 'artifact')},"
        f" {_counted(report.rules, 'rule')}"
    )
    quiet = sum(len(run.suppressed) for run in report.runs)
    known = sum(len(run.known) for run in report.runs)
    skipped = len({rule for run in report.runs for rule in run.rules_not_run})
    rest = [f"{quiet} suppressed"] if quiet else []
    rest += [f"{known} in the baseline"] if known else []
    rest += [f"{_counted(skipped, 'rule')} could not run everywhere"] if skipped else []
    return "; ".join([f"{found} in {checked}", *rest])


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


ENCODER = Encoder(name="text", summary="For people, coloured on a terminal.", encode=_encode)
