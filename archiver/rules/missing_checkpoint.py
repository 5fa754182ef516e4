"""A checkpoint that the run names is not there.

What it finds
    A checkpoint that an index, a tracker file, a trainer state, a log or a side file names, and
    that the run directory does not hold, although it should lie in it. The best or the last one
    is a warning. What the producer removes by itself is a note: older ones under a limit of kept
    checkpoints, payloads whose side files were left, an earlier best that was beaten since. So
    is every one of a run that holds no checkpoint at all: they are kept elsewhere. Paths that
    lead to other places cannot be looked at and are not reported.

Why it matters
    The figures of the run are those of weights that nobody can load any more. What starts from
    the named path fails, or silently takes another checkpoint.

Example
    warning checkpoint-60/trainer_state.json [RA601 missing-checkpoint]
            the best checkpoint checkpoint-40 is not in the run

What to do
    Bring the checkpoint back, or say where it is kept. A deletion that was meant is one entry
    under `ignore` in the policy, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from archiver import problem_hits
from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.record import Checkpoint
from archiver.model.values import Value
from archiver.run_paths import RunPaths, shortened

_CODE = "missing-checkpoint"
_LIMITS = (
    "save_total_limit", "keep_last_n_checkpoints", "keep_last_n", "save_top_k", "max_to_keep",
)  # fmt: skip
"""Settings of producers that remove older checkpoints."""
_MANY = 10**6
"""Nobody keeps that many: what is larger is no limit."""
_DEPTH = 3
_NAMED = 5
_MOST_RELATED = 5
_KEYS_SEEN = 10_000
_INDEX = "codex_ml.checkpoint_index"
_SIDE_FILE = ".meta.json"


def check(case: Case) -> Iterator[Hit]:
    """One finding per artifact that names some, and severity."""
    yield from problem_hits.hits(case, {_CODE: Severity.WARNING})
    doubtful = [item for item in case.record.checkpoints if not item.present]
    if not doubtful:
        return
    limit = _limit(case)
    some = len(doubtful) < len(case.record.checkpoints)
    groups: dict[tuple[str, str, Severity], list[Checkpoint]] = {}
    for item in _absent(case, doubtful):
        severity = _severity(item, case, some=some, limited=limit is not None)
        groups.setdefault((item.at.scope, item.at.path, severity), []).append(item)
    for (_, _, severity), items in groups.items():
        yield _hit(items, severity, limit, some=some)


def _absent(case: Case, doubtful: Iterable[Checkpoint]) -> Iterator[Checkpoint]:
    """Each checkpoint that is not there once, whatever artifacts name it by which path."""
    paths = RunPaths.of(case.record, case.files)
    told = {(problem.at.scope, problem.at.path) for problem in case.problems(_CODE)}
    known: dict[str, Checkpoint | None] = {}
    for item in doubtful:
        if not _is_absent(item, paths):
            continue
        place = paths.place(item.path)
        if (item.at.scope, item.at.path) in told:
            known[place] = None
        elif known.setdefault(place, item) is not None and _is_chosen(item):
            known[place] = item
    return (item for item in known.values() if item is not None)


def _is_chosen(item: Checkpoint) -> bool:
    return not {"best", "last"}.isdisjoint(item.tags)


def _is_absent(item: Checkpoint, paths: RunPaths) -> bool:
    """Whether it should lie in the run and does not; of many that is established already."""
    if item.present is None and paths.local(item.path) is not None:
        return False
    return paths.own(item.path)


def _severity(item: Checkpoint, case: Case, *, some: bool, limited: bool) -> Severity:
    if not some:
        return Severity.NOTE
    if _is_chosen(item):
        return Severity.WARNING
    # An index is rewritten when a checkpoint is removed; other artifacts stay as they were.
    listed_still = case.kind_of(item.at) == _INDEX
    return Severity.WARNING if listed_still and not limited else Severity.NOTE


def _hit(
    items: list[Checkpoint], severity: Severity, limit: tuple[str, int] | None, *, some: bool
) -> Hit:
    first = items[0]
    names = [shortened(item.path) for item in items[:_NAMED]]
    if len(items) == 1:
        tags = " and ".join(tag for tag in ("best", "last") if tag in first.tags)
        subject = f"the {tags} checkpoint {names[0]} is" if tags else f"checkpoint {names[0]} is"
    else:
        more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
        subject = f"{len(items)} checkpoints are named, {', '.join(names)}{more}, and are"
    if first.at.path == first.path:
        # Its directory is there, with nothing in it but what stood beside the payload.
        subject = f"the payload of {subject}"
    places = [*first.named_at, *(item.at for item in items[1:])]
    where = "not in the run" if some else "not in the run, which holds no checkpoint at all"
    return Hit(
        f"{subject} {where}{_reason(items, severity, limit)}",
        first.at,
        tuple(Place(at, "named here, too") for at in places[:_MOST_RELATED]),
        severity=severity,
    )


def _reason(items: list[Checkpoint], severity: Severity, limit: tuple[str, int] | None) -> str:
    """What explains that it is gone, where something does."""
    if severity is not Severity.NOTE:
        return ""
    if all(item.at.path.endswith(_SIDE_FILE) for item in items):
        return "; the side files are, as pruning leaves them"
    if limit is not None and not any(map(_is_chosen, items)):
        return f"; {limit[0]} is {limit[1]}, and older ones are removed"
    return ""


def _limit(case: Case) -> tuple[str, int] | None:
    """The recorded limit of checkpoints that are kept, under whatever name."""
    seen = 0
    level: list[Mapping[str, Value]] = [config.values for config in case.record.configs]
    for _ in range(_DEPTH):
        below: list[Mapping[str, Value]] = []
        for values in level:
            for name in _LIMITS:
                limit = _whole(values.get(name))
                if limit is not None and 0 < limit < _MANY:
                    return name, limit
            seen += len(values)
            if seen > _KEYS_SEEN:
                return None
            below += [value for value in values.values() if isinstance(value, dict)]
        level = below
    return None


def _whole(value: Value) -> int | None:
    """A number, also where the configuration never had types."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


RULE = Rule(
    id="RA601",
    name="missing-checkpoint",
    summary="A checkpoint that the run names is not there",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.FILES}),
    codes=frozenset({_CODE}),
)
