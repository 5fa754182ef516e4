"""Values of a YAML file that versions 1.1 and 1.2 of the language read differently.

`lr: 1e-4` is text to a 1.1 loader such as PyYAML (there is no dot), `time: 1:30:00` is the number
5400 (base 60; `0:59:00` is text, as no such number begins with 0). Values are kept as 1.1 reads
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from archiver.artifact import Artifact, json_text
from archiver.codecs.flaws import Flaw
from archiver.model.claims import Problem

if TYPE_CHECKING:
    from archiver.codecs.yaml_scalars import Readings

CODE = "yaml-readings-differ"
SEXAGESIMAL = "sexagesimal"
"""Type of a number that was written as `H:MM:SS`."""
_HINT = "write the value so that both agree"


def types(artifact: Artifact) -> dict[str, str]:
    """JSON pointer -> type, of the numbers that were written in base 60."""
    return {
        place: SEXAGESIMAL
        for place, both in artifact.yaml().readings.items()
        if _is_sexagesimal(both)
    }


def problems(
    artifact: Artifact, concerns: Callable[[str], bool] = lambda _place: True
) -> Iterator[Problem]:
    """The file's flaws; of two readings, those at the pointers that matter."""
    document = artifact.yaml()
    yield from artifact.problems(flaw for flaw in document.flaws if not _of_readings(flaw))
    for place, both in document.readings.items():
        if concerns(place) and not _is_sexagesimal(both):
            older, newer = json_text(both.yaml11), json_text(both.yaml12)
            message = f"YAML 1.1, as the producer read it, says {older}; YAML 1.2 says {newer}"
            yield artifact.problem(CODE, message, place, _HINT)


def _of_readings(flaw: Flaw) -> bool:
    return flaw.code == CODE


def _is_sexagesimal(both: Readings) -> bool:
    return isinstance(both.yaml11, int | float) and ":" in both.text
