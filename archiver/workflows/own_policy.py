"""The policy that a part of a run is held to: never one that the run or its archive brought."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from pathlib import Path

from archiver import contracts, discover, registry
from archiver.errors import ArchiverError
from archiver.limits import Limits
from archiver.package import loading
from archiver.policy import Policy
from archiver.rundir import RunDir


class Guard:
    """Refuses what lies in the run or the archive that the policy in force lies in, too."""

    def __init__(self, policy: Policy, limits: Limits) -> None:
        self._source = policy.source
        # The outermost holds all that the others hold.
        self._run = min(_around(policy, limits), key=lambda place: len(place.parts), default=None)

    def check(self, path: str) -> None:
        """Refuse what would be judged as its own run wants it.

        Raises:
            ArchiverError: where it lies in that run.
        """
        if self._run is not None and os.path.realpath(path).startswith(f"{self._run}/"):
            raise ArchiverError(
                self._source,
                f"lies inside of {self._run}, which does not choose its own policy",
                "give one with --policy",
            )


def _around(policy: Policy, limits: Limits) -> Iterator[Path]:
    """The runs and archives that the policy's file lies in."""
    if policy.base is None:
        return
    kinds = {marker.kind for contract in contracts.every() for marker in contract.markers}
    known = (registry.reader_of(kind) for kind in sorted(kinds))
    readers = [reader for reader in known if reader is not None]
    for place in (policy.base, *policy.base.parents):
        try:
            if loading.is_archive(place):
                yield place
                continue
            with RunDir(place, "run", limits) as run:
                if discover.is_run(run, readers, limits):
                    yield place
        except (ArchiverError, OSError):
            continue  # What may not be listed here is no run that could be looked at.
