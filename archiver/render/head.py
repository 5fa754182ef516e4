"""The lines that a person reads first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from archiver.model.record import Resolved, RunRecord, Series, Step
from archiver.model.times import Clock, parse_iso
from archiver.model.values import Value
from archiver.render.escape import Markdown, inline, prose, shorten
from archiver.render.shapes import Bullet, number
from archiver.render.values import place, scalar

_IMPORTANT = {
    "summary.started_at": "start time",
    "summary.finished_at": "end time",
    "summary.git_commit": "git commit",
    "summary.host": "host",
    "summary.user": "user",
    "summary.os": "OS",
    "summary.gpus": "GPUs",
    "summary.cuda": "CUDA",
    "summary.cuda_driver": "driver",
    "summary.python": "Python",
    "summary.torch": "PyTorch",
    "dependencies.name": "dependencies",
    "config.pipeline_resolved": "configuration",
    "steps.inputs": "model and data",
    "repro.run": "command",
}
"""What somebody who wants to repeat the run misses first."""
_MOST = 6
_LONGEST = 90
_CURVES = 4
"""Steps whose curves are told."""


def lines(record: RunRecord) -> list[Bullet]:
    """What it was, how it ended, what came out, what is missing."""
    found = (
        ("Run", _what(record)),
        ("Model", _model(record)),
        ("Data", _data(record)),
        ("Code", _code(record)),
        ("Status", _status(record)),
        ("Time", "; ".join(filter(None, (_time(record), _attempts(record))))),
        ("Loss", _loss(record)),
        ("Eval loss", _eval_loss(record)),
        ("Results", _results(record)),
        ("Problems", _problems(record)),
        ("Missing", _missing(record)),
    )
    return [Bullet(f"**{label}**", Markdown(text)) for label, text in found if text]


def _short(text: str) -> Markdown:
    return inline(shorten(text, _LONGEST))


def _what(record: RunRecord) -> str:
    names = [
        f"{inline(name)} ({inline(era)})" if (era := record.run.eras.get(name, "any")) != "any"
        else str(inline(name))
        for name in record.run.producers
    ]  # fmt: skip
    steps = [str(_short(step.name)) for step in record.steps]
    kinds = ", ".join(dict.fromkeys(steps[:_MOST])) + (", …" if len(steps) > _MOST else "")
    by = f"written by {', '.join(names)}" if names else "of no known producer"
    return f"{kinds}; {by}" if kinds else by


def _model(record: RunRecord) -> str:
    """What was trained; for a run that trained nothing, what was evaluated."""
    trained = [step for step in record.steps if step.name == "train"]
    found = [step.inputs.get("base_model") or step.inputs.get("model") for step in trained]
    if not any(found):
        found = [step.inputs.get("model") for step in record.steps]
    names = dict.fromkeys(name for name in found if isinstance(name, str) and name)
    return ", ".join(str(_short(name)) for name in list(names)[:_MOST])


def _data(record: RunRecord) -> str:
    """Data that the steps read, then data that only other artifacts name."""
    found: dict[str, str] = {}
    for step in record.steps:
        for key, value in step.inputs.items():
            for path in value if isinstance(value, list) else (value,):
                if isinstance(path, str) and "data" in key and not _is_number(path):
                    found.setdefault(path, key.removesuffix("_data"))
    for data in record.datasets:
        found.setdefault(data.path, data.role)
    shown = [f"{_short(path)} ({_short(role)})" for path, role in found.items() if path]
    return _first(shown)


def _is_number(text: str) -> bool:
    """Whether it is the weight of a data set in a list of them, or nothing at all."""
    return not text or text.replace(".", "", 1).isdecimal()


def _first(shown: Sequence[str]) -> str:
    more = f" and {len(shown) - _MOST} more" if len(shown) > _MOST else ""
    return ", ".join(shown[:_MOST]) + more


def _code(record: RunRecord) -> str:
    commit = record.fields.get("summary.git_commit")
    if commit is None or not isinstance(commit.value, str) or not commit.value:
        return ""
    repository = next((item for item in record.repositories if item.role == "run"), None)
    name = f"{inline(repository.name)} " if repository is not None else ""
    branch = ""
    if repository is not None and repository.branch:
        branch = f" on {_short(repository.branch)}"
    dirty = record.fields.get("summary.git_dirty")
    words = {True: ", uncommitted changes", False: ", clean"}
    state = words.get(dirty.value) if dirty and isinstance(dirty.value, bool) else None
    return f"{name}{_short(commit.value)}{branch}{state or ''}"


def _status(record: RunRecord) -> str:
    status = record.fields.get("summary.status")
    if status is None:
        return "unknown"
    early = [item for step in record.steps if (item := step.outputs.get("ended_early"))]
    ended = f"; ended {prose(shorten(str(early[0]), _LONGEST))}" if early else ""
    return f"**{scalar(status.value)}**{_evidence(status)}{ended}"


def _evidence(status: Resolved) -> str:
    """The sign that decided, from the note that names them all."""
    signs = (status.note or "").split("; ")
    decisive = f"{status.at}: "
    for sign in signs:
        if sign.startswith(decisive):
            words = prose(shorten(sign.removeprefix(decisive), _LONGEST))
            return f": {words} ({place(status.at)})"
    rule = f" ({prose(status.rule)})" if status.rule else ""
    if status.at.path:
        return f"{rule} by {place(status.at)}"
    return f"{rule}: {_undecided(signs, status)}" if signs[0] else rule


def _undecided(signs: Sequence[str], status: Resolved) -> str:
    """The last of the signs that settle nothing, or that there is none."""
    for source in reversed(status.from_):
        known = f"{source}: "
        for sign in signs:
            if sign.startswith(known):
                words = prose(shorten(sign.removeprefix(known), _LONGEST))
                return f"nothing says how it ended; {words} ({place(source)})"
    return str(prose(shorten(signs[0], _LONGEST)))


def _time(record: RunRecord) -> str:
    started = _moment(record.fields.get("summary.started_at"))
    finished = _moment(record.fields.get("summary.finished_at"))
    seconds = record.fields.get("summary.duration_sec") or record.fields.get(
        "resources.train_time_sec"
    )
    took = _span(seconds.value) if seconds is not None else ""
    if not (started or finished):
        return f"{took} of training" if took else ""
    span = f"{started or 'not recorded'} to {finished or 'not recorded'}"
    return f"{span}, {took}" if took else span


def _moment(field: Resolved | None) -> str:
    """A time to the second, with what is known of its zone."""
    if field is None or not isinstance(field.value, str):
        return ""
    instant = parse_iso(field.value)
    if instant is None:
        return _short(field.value)
    day, _, time = instant.iso().partition("T")
    zone = "local time" if instant.clock is Clock.NAIVE else "UTC"
    return f"{day} {time[:8]} {zone}"


def _span(value: Value) -> str:
    """Seconds as a person says them."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return ""
    if value < 60:
        return f"{value:.3g} s"
    minutes, seconds = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    shown = [f"{amount} {unit}" for amount, unit in parts if amount]
    return " ".join(shown[:2])


def _of_meaning(series: Iterable[Series], canonical: str) -> list[Series]:
    """The series of that meaning; shadows carry none."""
    found = [item for item in series if item.canonical == canonical and item.points]
    return [item for item in found if item.split != "eval" or canonical != "loss"]


def _chosen(found: Sequence[Series]) -> Series | None:
    """The one with the most points."""
    return max(found, key=lambda item: (item.split == "train", item.points), default=None)


def _nobodys(found: Sequence[Series]) -> bool:
    """Whether these are curves in several places that no step owns: maybe of several runs."""
    loose = [item for item in found if not item.step_id]
    return len({item.source for item in loose}) > 1 and len(loose) == len(found)


def _several(found: Sequence[Series]) -> str:
    """Curves of which none stands for the run."""
    sources = len({item.source for item in found})
    lasts = [item.last for item in found if isinstance(item.last, int | float)]
    ends = f", which end between {number(min(lasts))} and {number(max(lasts))}" if lasts else ""
    return f"{len(found)} curves in {sources} files{ends}; nothing says that they are of one run"


def _curve(item: Series) -> str:
    last = number(item.last) if isinstance(item.last, int | float) else scalar(item.last)
    text = f"final {last}{_step(item.last_step)}"
    if item.min is not None:
        text += f", best {number(item.min)}{_step(item.step_of_min)}"
    odd = (
        f"{count} {word}"
        for count, word in ((item.non_finite, "not finite"), (item.superseded, "superseded"))
        if count
    )
    points = "1 point" if item.points == 1 else f"{item.points} points"
    counts = ", ".join((points, *odd))
    return f"{text} ({_short(item.key)}, {counts})"


def _step(step: int | None) -> str:
    return "" if step is None else f" at step {step}"


def _quoted(found: Sequence[Series], step: Step) -> Series | None:
    """The curve that the step's final loss is the end of."""
    source = step.sources.get("training.final_loss")
    return next((item for item in found if source is not None and item.at == source.at), None)


def _curves(record: RunRecord, canonical: str) -> str:
    """The curve of the training; of each, where a pipeline trains several times."""
    trained = [step for step in record.steps if step.name == "train"]
    if len(trained) < 2:
        found = _of_meaning(record.series, canonical)
        quoted = _quoted(found, trained[0]) if trained else None
        if quoted is None and _nobodys(found):
            return _several(found)
        item = quoted or _chosen(found)
        return _curve(item) if item is not None else ""
    told = []
    for step in trained:
        found = _of_meaning((s for s in record.series if s.step_id == step.step_id), canonical)
        item = _quoted(found, step) or _chosen(found)
        if item is not None:
            stage = f" {_short(step.stage)}" if step.stage else ""
            told.append(f"step {_short(step.step_id)} train{stage}: {_curve(item)}")
    more = f"; and {len(told) - _CURVES} more steps" if len(told) > _CURVES else ""
    return "; ".join(told[:_CURVES]) + more


def _loss(record: RunRecord) -> str:
    curves = _curves(record, "loss")
    if curves:
        return curves
    for step in record.steps:
        if step.training is not None and step.training.final_loss is not None:
            return f"final {scalar(step.training.final_loss)}"
    return ""


def _eval_loss(record: RunRecord) -> str:
    return _curves(record, "eval_loss")


def _results(record: RunRecord) -> str:
    """The first results of every evaluation."""
    found = [
        (name, value)
        for step in record.steps
        if step.eval is not None
        for name, value in step.eval.results.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return _first([f"{_short(name)} {number(value)}" for name, value in found])


def _first_step(record: RunRecord, step: Step) -> int:
    """Step of the first point that was kept of the step's curves; 1 where there is none."""
    own = (item for item in record.series if item.axis == "step")
    known = [
        item.first_step
        for item in own
        if item.first_step is not None and item.step_id in (None, step.step_id)
    ]
    return max(min(known, default=1), 1)


def _attempts(record: RunRecord) -> str:
    found = []
    for step in record.steps:
        if len(step.attempts) > 1:
            # An attempt before whose first point there is none began anew.
            begin = _first_step(record, step)
            first = [
                str(item.first_step)
                for item in step.attempts[1:]
                if item.first_step is not None and item.first_step > begin
            ]
            resumed = f", resumed at step {', '.join(first)}" if first else ", none known to resume"
            name = f" of {_short(step.name)}" if len(record.steps) > 1 else ""
            found.append(f"{len(step.attempts)} starts{name}{resumed}")
    return "; ".join(found)


def _problems(record: RunRecord) -> str:
    if not record.problems:
        return "none met while reading"
    counts = Counter(item.code for item in record.problems)
    kinds = [f"{_short(name)} ({count})" for name, count in counts.items()]
    return f"{len(record.problems)}: {_first(kinds)}; see [Problems](#problems)"


def _missing(record: RunRecord) -> str:
    answers = record.coverage.fields
    names = [word for name, word in _IMPORTANT.items() if answers.get(name) == "not recorded"]
    total = record.coverage
    answered = total.recorded + total.derived + total.declared + total.probed
    count = f"{total.not_recorded} of {answered + total.not_recorded} fields"
    listed = f"{', '.join(names)}; in all {count}" if names else count
    return f"{listed}, see [Field Table](#field-table-checklist)"


def plots(names: Iterable[str]) -> dict[str, str]:
    """Plots by their stem, SVG before PNG."""
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda path: (not path.endswith(".svg"), path)):
        stem = name.rpartition("/")[2].rpartition(".")[0]
        found.setdefault(stem, name)
    return dict(sorted(found.items()))
