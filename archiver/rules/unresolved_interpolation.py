"""A configuration that is called resolved still holds placeholders.

What it finds
    References such as `${data_dir}`, `{{ name }}` and `$SCRATCH/data`, OmegaConf's `???`, and
    blanks that were to be filled in (`<YOUR_PATH>`), in configurations that were resolved or used
    by the running program. Authored files may hold them; prompts and chat templates do.

Why it matters
    The value that was used stood in a variable of a shell or in another file. The configuration
    alone does not repeat the run, and a program that did not replace the text used it as it is.

Example
    warning resolved_config.json:14:12 [RA203 unresolved-interpolation]
            2 values of a resolved configuration are not resolved: /data/train
            "${DATA_ROOT}/train.jsonl", /training/output_dir "$SCRATCH/out"

What to do
    Resolve the configuration before it is written, and keep the variables that it takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.codecs.pointers import pointer, walk
from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.record import Config
from archiver.model.values import Tagged, Value
from archiver.settings import place
from archiver.wording import counted, cut, listed, shown

_ROLES = frozenset({"resolved", "effective"})
_INTERPOLATION = re.compile(r"\$\{[A-Za-z_][^{}\s]*\}|\{\{ ?[\w.]+ ?\}\}")
_VARIABLE = re.compile(r"\$[A-Za-z_]\w*(?:/\S*)?\Z")
_BLANK = re.compile(
    r"<(?:CHANGE|ENTER|FILL|FIXME|INSERT|MY|PATH|PLACEHOLDER|REPLACE|TODO|YOUR)"
    # One way to match only, or a long word without its end takes forever.
    r"[A-Z]*(?:[_ -][A-Z]+)*>"
)
_MISSING = "???"
_TEXTS = ("message", "prompt", "regex", "template")
"""Parts of keys whose values are texts with placeholders of their own."""
_LONGEST = 1000
"""Characters of a value that is a path, a name or a command; longer ones are texts."""
_SHOWN = 3


def check(case: Case) -> Iterator[Hit]:
    """One hit per configuration, with its first places."""
    for config in case.record.configs:
        if config.role in _ROLES:
            yield from _of(config)


def _of(config: Config) -> Iterator[Hit]:
    number = 0
    first: list[tuple[tuple[str, ...], Value]] = []
    for path, value in walk(config.values):
        if _unresolved(value) and not _is_text(path):
            number += 1
            if len(first) < _SHOWN:
                first.append((tuple(str(part) for part in path), value))
    if first:
        values = counted(number, "value of a", "values of a")
        verb = "is" if number == 1 else "are"
        where = listed((f"{cut(pointer(path), 100)} {shown(value)}" for path, value in first))
        more = f" and {number - len(first)} more" if number > len(first) else ""
        yield Hit(
            f"{values} {config.role} configuration {verb} not resolved: {where}{more}",
            place(config, first[0][0]),
            tuple(Place(place(config, path), shown(value)) for path, value in first[1:]),
        )


def _unresolved(value: Value) -> bool:
    if isinstance(value, Tagged):
        return value.type == "unresolved"
    if not isinstance(value, str) or len(value) > _LONGEST or "\n" in value:
        return False
    return (
        value == _MISSING
        or _INTERPOLATION.search(value) is not None
        or _VARIABLE.match(value) is not None
        or _BLANK.search(value) is not None
    )


def _is_text(path: list[str | int]) -> bool:
    return any(word in part.lower() for part in path if isinstance(part, str) for word in _TEXTS)


RULE = Rule(
    id="RA203",
    name="unresolved-interpolation",
    summary="A configuration that is called resolved still holds placeholders",
    severity=Severity.WARNING,
    check=check,
)
