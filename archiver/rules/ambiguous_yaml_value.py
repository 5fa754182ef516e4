"""A value means one thing to one YAML reader and another to the next.

What it finds
    Values that YAML 1.1 and YAML 1.2 read differently, such as `5e-4`, which is a text to PyYAML
    (there is no dot) and a number to others, and numbers that reached a configuration as text
    under a key that is a number everywhere else. A number that is read as text where settings
    are authored, or under such a key, is a warning; anything else is a note: the producer's own
    reading is what counts.

Why it matters
    A learning rate that is a text fails late, is compared as a text, or is silently replaced by
    a default. The next tool that reads the file may see another value than the trainer did.

Example
    warning config_source.yaml:4:18 [RA204 ambiguous-yaml-value]
            learning_rate: YAML 1.1, as the producer read it, says "5e-4"; YAML 1.2 says 0.0005

What to do
    Write numbers with a dot and a signed exponent (`5.0e-4`), and quote `yes`, `no`, `on`, `off`
    and times where text is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from archiver.codecs.pointers import walk
from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Location, Problem
from archiver.model.findings import Place
from archiver.model.record import Config
from archiver.settings import NUMERIC_KEYS, number, place
from archiver.wording import counted, cut, shown

_CODE = "yaml-readings-differ"
_BARE = re.compile(r'says "([+-]?\d+)[eE]([+-]?\d+)"')
_FORMS = frozenset({"json", "pickle", "toml", "yaml"})
_SHOWN = 5


def check(case: Case) -> Iterator[Hit]:
    """One hit per file; a text that a configuration took over from one is told there."""
    roles = {(config.at.scope, config.at.path): config.role for config in case.record.configs}
    files: dict[tuple[str, str], list[Problem]] = {}
    for problem in case.problems(_CODE):
        files.setdefault((problem.at.scope, problem.at.path), []).append(problem)
    texts = [
        (config, found)
        for config in case.record.configs
        if (found := list(_numbers_as_text(config))) and _file(config.at) not in files
    ]
    told: set[str] = set()
    for file, problems in files.items():
        told.update(_last(problem.at) for problem in problems)
        yield _of_readings(problems, texts, authored=roles.get(file) == "authored")
    for config, found in texts:
        untold = [path for path in found if path[-1] not in told]
        if untold:
            yield _of_texts(config, untold)


def _file(at: Location) -> tuple[str, str]:
    return at.scope, at.path


def _last(at: Location) -> str:
    return at.place.rpartition("/")[2]


def _of_readings(
    problems: list[Problem],
    texts: Iterable[tuple[Config, list[tuple[str, ...]]]],
    *,
    authored: bool,
) -> Hit:
    """Numbers that were read as text stand first: they are what hurts."""
    ranked = sorted(problems, key=lambda problem: not _hurts(problem, authored=authored))
    first = ranked[0]
    more = f" ({counted(len(ranked) - 1, 'more value')} like it)" if len(ranked) > 1 else ""
    also = [Place(problem.at, problem.message) for problem in ranked[1:_SHOWN]]
    keys = {_last(problem.at) for problem in problems}
    also += [
        Place(place(config, path), "the text reached this configuration")
        for config, found in texts
        for path in found
        if path[-1] in keys
    ][:_SHOWN]
    bare = _BARE.search(first.message)
    hurts = _hurts(first, authored=authored)
    hint = first.hint
    if bare and hurts:
        hint = f"write {bare.group(1)}.0e{int(bare.group(2)[:6]):+d}"
    severity = Severity.WARNING if hurts else Severity.NOTE
    message = f"{cut(_last(first.at))}: {first.message}{more}"
    return Hit(message, first.at, tuple(also), hint, severity)


def _hurts(problem: Problem, *, authored: bool) -> bool:
    return _BARE.search(problem.message) is not None and (
        authored or _last(problem.at).lower() in NUMERIC_KEYS
    )


def _numbers_as_text(config: Config) -> Iterator[tuple[str, ...]]:
    """Paths of numbers that are text in a configuration whose form has numbers."""
    if not config.typed or config.format not in _FORMS:
        return
    for path, value in walk(config.values):
        if (
            isinstance(value, str)
            and path
            and str(path[-1]).lower() in NUMERIC_KEYS
            and number(value) is not None
        ):
            yield tuple(str(part) for part in path)


def _of_texts(config: Config, paths: list[tuple[str, ...]]) -> Hit:
    first = paths[0]
    more = f" ({counted(len(paths) - 1, 'more value')} like it)" if len(paths) > 1 else ""
    value = _at(config, first)
    return Hit(
        f"{cut(first[-1])} is the text {shown(value)} where a number belongs{more}",
        place(config, first),
        tuple(Place(place(config, path), shown(_at(config, path))) for path in paths[1:_SHOWN]),
        "YAML 1.1 reads 5e-4 as text; write 5.0e-4",
    )


def _at(config: Config, path: tuple[str, ...]) -> str:
    return next(
        value
        for found, value in walk(config.values)
        if isinstance(value, str) and tuple(str(part) for part in found) == path
    )


RULE = Rule(
    id="RA204",
    name="ambiguous-yaml-value",
    summary="A value means one thing to one YAML reader and another to the next",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset({_CODE}),
)
