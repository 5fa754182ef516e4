"""LLMRunner's settings as its loader would have them, without ever importing a file.

A pipeline file may take in others (`INCLUDE`), and values may name others (`${NAME}`). The loader
turns str, int, float and bool into text; lists, dicts and None stay. What is resolved here is
what would have held without any override by the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from archiver.codecs import env_file, python_literals
from archiver.codecs.flaws import Flaws
from archiver.limits import Limits
from archiver.model.values import Tagged, Value

INCLUDE_KEYS = ("INCLUDE", "INCLUDES")
"""The second is looked at only where the first is absent or empty."""
UNRESOLVED = env_file.UNRESOLVED
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PASSES = 10
_VALUES_GROWN = 64
"""Values of the largest size that all settings together may grow to."""
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True)
class Settings:
    """The settings of one file."""

    path: str
    values: dict[str, Value]
    """As written; `_private` names, which the loader ignores, among them."""
    lines: dict[str, int] = field(default_factory=dict)
    format: str = "python"
    complete: bool = True
    flaws: Flaws = field(default_factory=Flaws)
    types: dict[str, str] = field(default_factory=dict)

    @property
    def loaded(self) -> dict[str, Value]:
        """What the loader keeps: public names in code point order."""
        return {name: self.values[name] for name in sorted(self.values) if name[:1] != "_"}


def read(path: str, data: bytes, limits: Limits) -> Settings:
    """One file's settings, by the form that its name tells."""
    if path.endswith(".env"):
        env = env_file.parse(data, limits)
        return Settings(path, env.values, env.lines, "env", env.complete, env.flaws)
    module = python_literals.parse(data, limits)
    return Settings(
        path, module.values, module.lines, "python", module.complete, module.flaws, module.types
    )


@dataclass(frozen=True)
class Merged:
    """A file's settings with those of the files that it includes."""

    values: dict[str, Value]
    homes: dict[str, str]
    """Name -> path of the file that its value comes from."""
    files: tuple[str, ...]
    """Every file that took part, in the order in which they were loaded."""
    partial: bool
    """Whether an included file is not there or was not understood."""
    flaws: Flaws


def merged(path: str, files: Mapping[str, Settings]) -> Merged:
    """Follow `INCLUDE` from one file: left to right, later files over earlier ones.

    A file that is met twice (in a circle, or over two ways) stops the real loader; here it is
    the flaw `include-twice` and is not loaded again. Flaws: `include-missing`, `include-twice`,
    `include-unresolved`.
    """
    walk = _Inclusion(files)
    walk.load(path)
    for key in INCLUDE_KEYS:
        walk.values.pop(key, None)
        walk.homes.pop(key, None)
    return Merged(walk.values, walk.homes, tuple(walk.loaded), walk.partial, walk.flaws)


class _Inclusion:
    """A walk over included files, each loaded once; its depth is that of distinct files."""

    def __init__(self, files: Mapping[str, Settings]) -> None:
        self.values: dict[str, Value] = {}
        self.homes: dict[str, str] = {}
        self.loaded: list[str] = []
        self.partial = False
        self.flaws = Flaws()
        self._files = files
        self._met: set[str] = set()

    def load(self, path: str) -> None:
        """Load a file after everything that it includes, without recursion."""
        stack: list[tuple[str, list[tuple[str, str]]]] = []
        self._enter(path, stack)
        while stack:
            current, waiting = stack[-1]
            if waiting:
                target, line = waiting.pop(0)
                if target in self._met:
                    message = f"{target} is included more than once, which stops the loader"
                    self.flaws.add("include-twice", message, line)
                    self.partial = True
                elif target not in self._files:
                    message = f"{target} is included and not there; its settings are missing"
                    self.flaws.add("include-missing", message, line)
                    self.partial = True
                else:
                    self._enter(target, stack)
                continue
            stack.pop()
            settings = self._files[current]
            self.loaded.append(current)
            self.partial = self.partial or not settings.complete
            for name, value in settings.loaded.items():
                self.values[name], self.homes[name] = value, current

    def _enter(self, path: str, stack: list[tuple[str, list[tuple[str, str]]]]) -> None:
        self._met.add(path)
        settings = self._files.get(path)
        if settings is None:
            self.partial = True
            return
        key = next((name for name in INCLUDE_KEYS if settings.values.get(name)), INCLUDE_KEYS[0])
        value = settings.values.get(key)
        names = value if isinstance(value, list) else [value] if value else []
        line = f"L{settings.lines.get(key, 1)}"
        targets = []
        for name in names:
            if isinstance(name, str):
                targets.append((_joined(path, name), line))
            else:
                self.flaws.add("include-unresolved", f"{key} is no path", line)
                self.partial = True
        stack.append((path, targets))


def _joined(including: str, named: str) -> str:
    """A path relative to the including file, without `.` and `..`; others as they are."""
    if named.startswith("/"):
        return named
    parts = including.split("/")[:-1]
    for part in named.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def as_text(value: Value) -> str | None:
    """A scalar as the loader's text; None for what stays as it is (lists, dicts, None)."""
    if isinstance(value, Tagged):
        return value.value if value.type == UNRESOLVED else None
    if isinstance(value, str | bool | int | float):
        return str(value)
    return None


def switched_on(value: Value) -> bool | None:
    """LLMRunner's reading of `enabled`; None for what makes it stop."""
    if isinstance(value, bool | int):
        return value != 0
    if isinstance(value, str):
        word = value.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return None


def is_dry(values: Mapping[str, Value]) -> bool:
    """Whether `DRY_RUN` is on: only the text `1` is; `True` becomes `True` and runs for real."""
    return as_text(values.get("DRY_RUN")) == "1"


@dataclass(frozen=True)
class Expanded:
    """Settings after their references were followed."""

    values: dict[str, Value]
    """Text that still holds a reference is `Tagged("unresolved", text)`."""
    flaws: Flaws


def expanded(
    values: Mapping[str, Value], context: Mapping[str, str], limits: Limits, *, own: bool = True
) -> Expanded:
    """Follow `${NAME}`: in the context first, then (with `own`) among the settings themselves.

    Up to ten passes. A name that mentions itself is looked for in the context alone. A value
    that grows over `limits.expanded_bytes` stays as written (flaw `expansion-limit`).
    """
    growth = _Growth(limits)
    written = {name: text for name in values if (text := as_text(values[name])) is not None}
    texts = written
    for _ in range(_PASSES):
        mine = texts if own else {}
        after = {name: growth.substituted(name, texts[name], context, mine) for name in texts}
        if after == texts:
            break
        texts = after
    resolved: dict[str, Value] = {}
    for name, value in values.items():
        if name in texts:
            resolved[name] = _marked(texts[name], shell=isinstance(value, Tagged))
        else:
            resolved[name] = _inner(name, value, growth, context, texts if own else {})
    return Expanded(resolved, growth.flaws)


@dataclass
class _Growth:
    """References being followed, bounded per value and over all passes."""

    limits: Limits
    flaws: Flaws = field(default_factory=Flaws)
    total: int = 0

    def substituted(
        self, name: str, text: str, context: Mapping[str, str], own: Mapping[str, str]
    ) -> str:
        """The text with the references that can be followed; as it was where it grows too long."""
        if "${" not in text:
            return text
        size = len(text)
        pieces: list[str] = []
        end = 0
        for match in _REFERENCE.finditer(text):
            wanted = match[1]
            value = context.get(wanted)
            if value is None and wanted != name:
                value = own.get(wanted)
            if value is None:
                continue
            size += len(value) - len(match[0])
            if size > self.limits.expanded_bytes or self.total + size > self._all:
                message = f"{name} grows beyond the limit of expanded text; it stays as written"
                self.flaws.add("expansion-limit", message)
                return text
            pieces += [text[end : match.start()], value]
            end = match.end()
        self.total += size if pieces else 0
        return "".join([*pieces, text[end:]]) if pieces else text

    @property
    def _all(self) -> int:
        return self.limits.expanded_bytes * _VALUES_GROWN


def _inner(
    name: str, value: Value, growth: _Growth, context: Mapping[str, str], own: Mapping[str, str]
) -> Value:
    """Expansion inside of lists and dicts, which the loader does on their `repr`."""
    if isinstance(value, str):
        return _marked(growth.substituted(name, value, context, own))
    if isinstance(value, list):
        return [_inner(name, item, growth, context, own) for item in value]
    if isinstance(value, dict):
        return {key: _inner(name, item, growth, context, own) for key, item in value.items()}
    return value


def _marked(text: str, *, shell: bool = False) -> Value:
    return Tagged(UNRESOLVED, text) if shell or _REFERENCE.search(text) else text


def plain(value: Value) -> str | None:
    """A resolved setting as text, unresolved parts as written; None for anything else or blank."""
    text = as_text(value)
    return text if text and text.strip() else None


def matching(values: Mapping[str, Value], names: re.Pattern[str]) -> dict[str, Value]:
    """The settings whose names are such and that are no blank."""
    return {name: value for name, value in values.items() if names.fullmatch(name) and plain(value)}


def context_of(
    pipeline: Mapping[str, Value], fixed: Mapping[str, str], names: Iterable[str] | None = None
) -> dict[str, str]:
    """What the settings of a step may refer to: the pipeline's resolved keys (or some of them)."""
    wanted = pipeline if names is None else {n: pipeline[n] for n in names if n in pipeline}
    texts = {name: text for name, value in wanted.items() if (text := as_text(value)) is not None}
    return {**texts, **fixed}
