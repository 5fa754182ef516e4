"""What a torchtune configuration says: interpolations, data, and what two of them differ in.

Written by OmegaConf: `${output_dir}/logs` stands for another key's value, which only the running
program (or its console dump) resolves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from archiver.model.claims import Location
from archiver.model.record import Dataset
from archiver.model.values import Tagged, Value, same

SIGNS = ("checkpointer", "model", "tokenizer", "dataset", "optimizer", "metric_logger", "loss")
COMPONENT = "_component_"
_DATA = (("dataset", "train"), ("dataset_val", "validation"))
_SOURCES = ("data_files", "source")
_CHANGES_KEPT = 50
_DOUBLED = re.compile(r"(?<!:)/{2,}")
"""`${input_dir}/words.json` resolves to a doubled slash where the directory ends in one."""


def is_config(value: Value) -> bool:
    """Whether a document is a torchtune configuration: several of its parts name a component."""
    if not isinstance(value, dict):
        return False
    parts = (value.get(key) for key in SIGNS)
    return sum(isinstance(part, dict) and COMPONENT in part for part in parts) >= 2


def unresolved(value: Value) -> Value:
    """The same with every text that holds an interpolation marked as one."""
    if isinstance(value, str):
        return Tagged("unresolved", value) if "${" in value else value
    if isinstance(value, list):
        return [unresolved(item) for item in value]
    if isinstance(value, dict):
        return {key: unresolved(item) for key, item in value.items()}
    return value


def datasets(values: Mapping[str, Value], at: Location) -> Iterator[Dataset]:
    """The data that is trained and validated on, where the configuration says it in full."""
    for key, role in _DATA:
        part = values.get(key)
        if not isinstance(part, dict):
            continue
        path = next((part[name] for name in _SOURCES if isinstance(part.get(name), str)), None)
        split = part.get("split")
        if isinstance(path, str) and path and "${" not in path:
            yield Dataset(
                at=at,
                role=role,
                path=_DOUBLED.sub("/", path),
                split=split if isinstance(split, str) else None,
                seed=_integer(values.get("seed")),
            )


def _integer(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def changed(
    before: Mapping[str, Value], after: Mapping[str, Value]
) -> tuple[tuple[str, Value], ...]:
    """Parameters of `after` that `before` had otherwise, by dotted names."""
    old = dict(_flat(before, ""))
    found = []
    for name, value in _flat(after, ""):
        if name not in old or not same(old[name], value):
            found.append((name, value))
        if len(found) >= _CHANGES_KEPT:
            break
    return tuple(found)


def _flat(values: Mapping[str, Value], prefix: str) -> Iterator[tuple[str, Value]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
