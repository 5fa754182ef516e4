"""The report for people: the findings of each run, and a last line that sums up.

Of one run everything is told, and whether it can be reproduced. Of several, errors and warnings
run by run, then the notes by rule: what nobody wrote down is the same in run after run. Many
findings of one rule in one run are folded, and their number is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from archiver.codecs.visible import opening, safe
from archiver.encoder import Encoder, Help
from archiver.model.findings import (
    Finding,
    Place,
    Report,
    RunFindings,
    Severity,
    detail_of,
    position_of,
)
from archiver.model.plain import dataclass
from archiver.wording import counted as number_of
from archiver.wording import listed, verdict

_COLOURS = {Severity.ERROR: "31;1", Severity.WARNING: "33", Severity.NOTE: "36"}
_BOLD, _DIM = "1", "2"
_INDENT = " " * 10
_MOST_ALIKE = 10
"""Findings of one rule and severity that are told of one run."""
_MOST_RELATED = 5
_MOST_NAMED = 3
"""Runs that are named for a note that many have, and rules that could not judge."""
_MOST_REASONS = 10


def _encode(report: Report, _book: Mapping[str, Help], colour: bool) -> str:  # noqa: FBT001
    page = _Page(colour)
    lines: list[str] = []
    single = len(report.runs) == 1
    for run in report.runs:
        lines += page.run(run, notes=single)
    if not single:
        lines += page.notes(report.runs)
        lines += page.overview(report.runs)
    lines += page.kept_quiet(report.runs)
    lines += page.not_judged(report.runs)
    lines += page.more(report.findings)
    lines.append(page.paint(verdict(report), _colour_of(report)))
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Page:
    """The lines of a report."""

    colour: bool

    def paint(self, text: str, code: str) -> str:
        """Text in a colour; whatever it holds is made visible first."""
        clean = opening(text)
        return f"\x1b[{code}m{clean}\x1b[0m" if self.colour and code else clean

    def run(self, run: RunFindings, *, notes: bool) -> Iterator[str]:
        """One run, unless there is nothing to tell of it."""
        told = [item for item in run.findings if notes or item.severity is not Severity.NOTE]
        if not told and not notes:
            return
        yield self.paint(run.path, _BOLD) + self.paint(_about(run), _DIM)
        for severity, group in groupby(told, key=lambda item: item.severity):
            yield from self.findings(run, severity, group)
        yield from self.reproducibility(run) if notes else ()
        yield ""

    def findings(
        self, run: RunFindings, severity: Severity, group: Iterable[Finding]
    ) -> Iterator[str]:
        """Those of one severity; of many that are alike the first, and how many more."""
        word = self.paint(f"{severity.value:<8}", _COLOURS[severity])
        seen: Counter[str] = Counter()
        for item in group:
            rule = f"[{item.rule} {item.name}]"
            seen[rule] += 1
            if seen[rule] <= _MOST_ALIKE:
                place = _place(run, Place(item.at, "", item.position))
                yield f"  {word}{safe(place)}{self.paint(rule, _DIM)}"
                yield from self.finding(run, item)
        for rule, number in seen.items():
            if number > _MOST_ALIKE:
                rest = f"{number - _MOST_ALIKE} more; --format json lists them "
                yield f"  {word}{rest}{self.paint(rule, _DIM)}"

    def finding(self, run: RunFindings, item: Finding) -> Iterator[str]:
        """What was found, where else, and what to do."""
        yield f"{_INDENT}{opening(item.message)}"
        for other in item.related[:_MOST_RELATED]:
            yield f"{_INDENT}{self.paint(f'{_place(run, other)}{other.message}', _DIM)}"
        if len(item.related) > _MOST_RELATED:
            rest = number_of(len(item.related) - _MOST_RELATED, "more place")
            yield f"{_INDENT}{self.paint(f'and {rest}', _DIM)}"
        if item.hint:
            yield f"{_INDENT}{self.paint(f'hint: {item.hint}', _DIM)}"

    def reproducibility(self, run: RunFindings) -> Iterator[str]:
        """What a person wants to know in the end."""
        judged = run.reproducibility
        if judged is None:
            return
        yield f"  can this run be reproduced: {self.paint(judged.answer, _BOLD)}"
        for label, parts in (("missing", judged.missing), ("recorded", judged.known)):
            if parts:
                yield f"    {label:<9} {safe(', '.join(parts))}"

    def notes(self, runs: Sequence[RunFindings]) -> Iterator[str]:
        """The notes of many runs, by rule."""
        by_rule: dict[str, dict[tuple[str, str], None]] = {}
        for run in runs:
            for item in run.findings:
                if item.severity is Severity.NOTE:
                    rule = f"{item.rule} {item.name}"
                    by_rule.setdefault(rule, {})[run.path, run.run_id] = None
        if not by_rule:
            return
        yield self.paint("notes", _BOLD)
        for rule, holders in sorted(by_rule.items()):
            label = self.paint(rule, _COLOURS[Severity.NOTE])
            if len(holders) == len(runs):
                yield f"  {label} in all {len(runs)} runs"
            else:
                named = safe(listed((run_id for _, run_id in holders), _MOST_NAMED))
                yield f"  {label} in {len(holders)} of {len(runs)} runs: {named}"
        yield ""

    def overview(self, runs: Sequence[RunFindings]) -> Iterator[str]:
        """How many of many runs are fine, and how many could be done again."""
        fine = sum(not any(map(_is_grave, run.findings)) for run in runs)
        if runs:
            yield f"{fine} of {len(runs)} runs have neither errors nor warnings"
        judged = [run.reproducibility.answer for run in runs if run.reproducibility is not None]
        answers = ", ".join(
            f"{word} {judged.count(word)}" for word in ("yes", "partly", "no") if word in judged
        )
        if answers:
            yield f"can they be reproduced: {answers}"

    def kept_quiet(self, runs: Iterable[RunFindings]) -> Iterator[str]:
        """What the policy does not let count, by its reasons."""
        reasons: dict[str, Counter[str]] = {}
        for run in runs:
            for item in run.suppressed:
                rule = f"{item.finding.rule} {item.finding.name}"
                reasons.setdefault(item.reason, Counter())[rule] += 1
        for reason, rules in sorted(reasons.items()):
            told = ", ".join(f"{number} {rule}" for rule, number in sorted(rules.items()))
            yield self.paint(f"suppressed: {told}: {reason}", _DIM)

    def not_judged(self, runs: Iterable[RunFindings]) -> Iterator[str]:
        """Rules that could not judge, with the reason, told once."""
        reasons: dict[str, dict[str, None]] = {}
        for run in runs:
            for rule, reason in run.rules_not_run.items():
                reasons.setdefault(reason, {})[rule] = None
        for reason, rules in sorted(reasons.items())[:_MOST_REASONS]:
            few = len(rules) <= _MOST_NAMED
            who = ", ".join(sorted(rules)) if few else f"{len(rules)} rules"
            yield self.paint(f"not judged by {who}: {reason}", _DIM)
        if len(reasons) > _MOST_REASONS:
            rest = number_of(len(reasons) - _MOST_REASONS, "more reason")
            yield self.paint(f"not judged: {rest}; --format json lists them", _DIM)

    def more(self, findings: Iterable[Finding]) -> Iterator[str]:
        """Where to read on, by the first of the gravest."""
        gravest = max(findings, key=lambda item: item.severity.rank, default=None)
        if gravest is not None:
            yield self.paint(f"about a rule: runarchive explain {gravest.rule}", _DIM)


def _is_grave(finding: Finding) -> bool:
    return finding.severity is not Severity.NOTE


def _colour_of(report: Report) -> str:
    counts = report.summary()
    return next((_COLOURS[severity] for severity in Severity if counts[severity.value]), "32")


def _about(run: RunFindings) -> str:
    """The run's name where the path does not say it, who wrote it, and how it ended."""
    parts = [] if run.run_id in (run.path.rpartition("/")[2], "") else [run.run_id]
    parts += ["+".join(run.producers)] if run.producers else []
    if run.status is not None:
        parts.append("status unknown" if run.status == "unknown" else run.status)
    return f" ({', '.join(parts)})" if parts else ""


def _place(run: RunFindings, place: Place) -> str:
    """`path:line:column detail `, as far as it is known; with a blank behind it.

    Inside of the run, paths are relative to it.
    """
    at = place.at
    shown = at.path if at.scope == "run" or not at.path else run.file(at)
    position = position_of(at, place.position)
    if shown and position is not None:
        shown += f":{position.line}" + (f":{position.column}" if position.column else "")
    return "".join(f"{part} " for part in (shown, detail_of(at)) if part)


ENCODER = Encoder(name="text", summary="For people, coloured on a terminal.", encode=_encode)
