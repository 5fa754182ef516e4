"""JSON pointers (RFC 6901) into values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archiver.model.values import Value

_KEY_CHARACTERS = 128


def escape(key: str) -> str:
    """One key as a part of a pointer; of a very long one the beginning and an ellipsis.

    Pointers are for people and reports: their length must not follow that of hostile keys.
    """
    if len(key) > _KEY_CHARACTERS:
        key = key[:_KEY_CHARACTERS] + "…"
    return key.replace("~", "~0").replace("/", "~1")


def pointer(path: Iterable[str | int]) -> str:
    """The pointer to what stands at the keys and indices of a path."""
    return "".join(f"/{escape(part) if isinstance(part, str) else part}" for part in path)


def walk(value: Value) -> Iterator[tuple[list[str | int], Value]]:
    """Every value with its path, parents first, in document order; without recursion.

    The path is one list that changes as the walk goes on.
    """
    path: list[str | int] = []
    yield path, value
    stack = [_children(value)]
    while stack:
        for part, item in stack[-1]:
            path.append(part)
            yield path, item
            if isinstance(item, (dict, list)):
                stack.append(_children(item))
                break
            path.pop()
        else:
            stack.pop()
            if stack:
                path.pop()


def _children(value: Value) -> Iterator[tuple[str | int, Value]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
