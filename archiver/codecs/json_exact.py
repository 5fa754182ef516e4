"""Exact decoding of JSON text: integers of any length, every repeated key and odd number told.

The standard library's C scanner does the work, with hooks. Callers check nesting and size
first (`json_scan.over_limit`).
"""

from __future__ import annotations

import json
import math
from dataclasses import field

from archiver.limits import Limits
from archiver.model.plain import dataclass
from archiver.model.values import MAX_EXACT_INT, Tagged, Value

_PYTHON_DIGITS = 4300
"""Python refuses to convert longer integers (`sys.set_int_max_str_digits`)."""
_PREFIX = 64


@dataclass(slots=True)
class Oddities:
    """What was met while decoding."""

    duplicate_keys: int = 0
    non_finite: int = 0
    """Bare `NaN`, `Infinity`, `-Infinity`."""
    big_integers: int = 0
    """Beyond 2^53: kept exactly here, but not by every reader."""
    long_numbers: int = 0
    """With more digits than the limit: kept as the beginning of their text."""
    float_overflows: int = 0
    """Like 1e400: decoded as an infinity that nobody wrote."""
    repeated: list[tuple[dict[str, Value], list[str]]] = field(default_factory=list)
    """First objects that have repeated keys, and these keys."""

    def __bool__(self) -> bool:
        integers = self.big_integers or self.long_numbers
        return bool(self.duplicate_keys or self.non_finite or integers or self.float_overflows)


class ExactDecoder:
    """Decodes values one by one; `oddities` collects until `fresh` is called."""

    def __init__(self, limits: Limits, keep: int = 5) -> None:
        self.oddities = Oddities()
        self._keep = keep
        self._digits = min(limits.digits, _PYTHON_DIGITS)
        self._strict = self._decoder(strict=True)
        self._lax = self._decoder(strict=False)

    def fresh(self) -> Oddities:
        """The oddities so far; counting starts again."""
        done = self.oddities
        if done:
            self.oddities = Oddities()
        return done

    def decode(self, text: str, pos: int = 0, *, control: bool = False) -> tuple[Value, int]:
        """The value at `pos`, which must not be white space, and where it ends.

        `control` allows raw control characters in strings.

        Raises:
            json.JSONDecodeError: no complete value stands there.
        """
        decoder = self._lax if control else self._strict
        try:
            value: Value
            value, end = decoder.raw_decode(text, pos)
        except RecursionError as error:  # callers check nesting; the interpreter's limit is lower
            raise json.JSONDecodeError("Nested too deeply", text, pos) from error
        return value, end

    def _decoder(self, *, strict: bool) -> json.JSONDecoder:
        return json.JSONDecoder(
            strict=strict,
            object_pairs_hook=self._object,
            parse_int=self._int,
            parse_float=self._float,
            parse_constant=self._constant,
        )

    def _object(self, pairs: list[tuple[str, Value]]) -> dict[str, Value]:
        made = dict(pairs)
        if len(made) != len(pairs):
            self.oddities.duplicate_keys += len(pairs) - len(made)
            if len(self.oddities.repeated) < self._keep:
                self.oddities.repeated.append((made, _repeated(pairs)))
        return made

    def _int(self, text: str) -> int | Tagged:
        if len(text) - (text[0] == "-") > self._digits:
            return self._long("long-int", text)
        number = int(text)
        if not -MAX_EXACT_INT <= number <= MAX_EXACT_INT:
            self.oddities.big_integers += 1
        return number

    def _float(self, text: str) -> float | Tagged:
        if len(text) > self._digits:
            return self._long("long-float", text)
        number = float(text)
        if math.isinf(number):
            self.oddities.float_overflows += 1
        return number

    def _long(self, kind: str, text: str) -> Tagged:
        self.oddities.long_numbers += 1
        return Tagged(kind, f"{text[:_PREFIX]}… ({len(text)} characters)")

    def _constant(self, text: str) -> float:
        self.oddities.non_finite += 1
        return float(text)


def _repeated(pairs: list[tuple[str, Value]]) -> list[str]:
    seen: set[str] = set()
    found: list[str] = []
    for key, _ in pairs:
        if key in seen:
            found.append(key)
        seen.add(key)
    return found
