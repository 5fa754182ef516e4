"""Warnings in a Megatron log: of the trainer, of Python and of the libraries below."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archiver.codecs.megatron_lines import rank_prefix

_GLOG = re.compile(r"[WE]\d{4} \d\d:\d\d:\d\d\.\d{1,9} \d{1,9} \S{1,300}\] ?")
_WARNING = re.compile(r"(?:WARNING\b|\[warn\]|W\d{4} )")
_PYTHON_WARNING = re.compile(r"\b(?:User|Deprecation|Future|Runtime)Warning: ")
_WARNINGS_KEPT = 50
_TEXT_KEPT = 500


def is_warning(text: str) -> bool:
    """Whether a message is one."""
    bare = text.removeprefix(rank_prefix(text)).lstrip()
    if _WARNING.match(bare):
        return True
    return "Warning: " in text and _PYTHON_WARNING.search(text) is not None


@dataclass
class Warnings:
    """Warnings that are alike, counted."""

    told: dict[str, int] = field(default_factory=dict)
    """Text -> how often; the first ones only."""
    count: int = 0
    """Of all of them."""

    def add(self, text: str) -> None:
        """Count one, without the rank and the place in the source that stand before it."""
        bare = text.removeprefix(rank_prefix(text)).strip()
        kept = _GLOG.sub("", bare).strip()[:_TEXT_KEPT]
        if not kept.strip("* "):
            return
        self.count += 1
        if kept in self.told or len(self.told) < _WARNINGS_KEPT:
            self.told[kept] = self.told.get(kept, 0) + 1
