"""How a job in a Megatron log ended: the signs of it, each with its line."""

from __future__ import annotations

from collections.abc import Iterator

from archiver.model.claims import EvidenceKind
from archiver.producers.megatron_starts import Start

_SIGNALS = ("KeyboardInterrupt", "SIGTERM", "SignalException")
_STOPPED = frozenset({130, 143, -2, -15})
"""Exit codes of SIGINT and SIGTERM: somebody stopped it."""
_DETAIL = 500

Sign = tuple[EvidenceKind, str, int]
"""What it is a sign of, how it was told, and the line."""


def signs(start: Start) -> Iterator[Sign]:
    """Everything that a job said of its end: what it failed of, then how far it came."""
    yield from _failures(start)
    yield from _ends(start)


def _failures(start: Start) -> Iterator[Sign]:
    if start.exit_code is not None and start.exit_code[1]:
        line, code = start.exit_code
        stopped = code in _STOPPED
        kind = EvidenceKind.INTERRUPTION if stopped else EvidenceKind.FAILURE
        yield kind, f"failed with exit code {code}", line
    trace = start.trace
    if trace is not None and trace.error is not None:
        stopped = any(sign in trace.error for sign in _SIGNALS)
        kind = EvidenceKind.INTERRUPTION if stopped else EvidenceKind.FAILURE
        yield kind, f"the log ends in {trace.error[:_DETAIL]}", trace.line
    elif start.killed is not None and start.killed[1]:
        line, code = start.killed
        if code < 0:
            yield EvidenceKind.INTERRUPTION, f"a worker was killed by signal {-code}", line
        else:
            yield EvidenceKind.FAILURE, f"a worker failed with exit code {code}", line


def _ends(start: Start) -> Iterator[Sign]:
    progress = _progress(start)
    if start.end is not None:
        line, label, _ = start.end
        yield _end_kind(start, label), f"{label.rstrip('.')}, {progress}", line
    elif start.done:
        yield EvidenceKind.PROGRESS, f"all iterations done: {progress}", start.at_work
    elif start.at_work:
        yield EvidenceKind.RUNNING_WORD, f"training stops at {progress}", start.at_work


def _end_kind(start: Start, label: str) -> EvidenceKind:
    """Training done or a planned exit is an end; a signal or a time limit cuts it short."""
    planned = label.startswith(("after training", "exiting program at iteration"))
    return EvidenceKind.END_MARKER if planned or start.done else EvidenceKind.INTERRUPTION


def _progress(start: Start) -> str:
    steps, resume = start.job.iterations, start.job.resume
    total = f" of {start.total}" if start.total else ""
    if steps:
        return f"iteration {steps[-1]}{total}"
    if resume:
        return f"loaded iteration {resume}{total} without an iteration line"
    return f"no iteration{total}"
