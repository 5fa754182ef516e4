"""What a Megatron log says of the model and of how it is split over the ranks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_WORLD = re.compile(r"using world size: (\d{1,9})")
_SIZE = re.compile(r"((?:[a-z]{1,12}-){1,3}parallel)[- ]size: (\d{1,9})")
_DTYPE = re.compile(r"using (torch\.\w{1,20}) for parameters")
_SHARD = re.compile(
    r"number of parameters on (\([a-z, ]{1,60}\)) model parallel rank "
    r"(\([\d, ]{1,40}\)): (\d{1,18})"
)
_TOTAL = re.compile(r"Total number of parameters in billions: (\d{1,9}(?:\.\d{1,9})?)")
_FOOTPRINT = re.compile(r"Theoretical memory footprints: (.{1,200})")
_SHARDS_KEPT = 50


@dataclass
class ModelFacts:
    """Sizes of the model and of the world, as far as messages told them."""

    shards: dict[str, int] = field(default_factory=dict)
    """Model-parallel rank -> parameters."""
    billions: float | None = None
    footprint: str | None = None
    dtype: str | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    """Kinds of parallelism -> size."""
    world_size: int | None = None

    def take(self, text: str) -> None:
        """Take what a message says of parameters."""
        shard, total = _SHARD.search(text), _TOTAL.search(text)
        footprint, dtype = _FOOTPRINT.search(text), _DTYPE.search(text)
        if shard is not None and len(self.shards) < _SHARDS_KEPT:
            self.shards[f"{shard[1]} {shard[2]}"] = int(shard[3])
        if total is not None:
            self.billions = float(total[1])
        if footprint is not None:
            self.footprint = footprint[1].strip()
        if dtype is not None:
            self.dtype = dtype[1]

    def take_world(self, text: str) -> bool:
        """Take the line with the sizes of everything, which each start prints; whether it is it."""
        found = _WORLD.search(text)
        if found is None:
            return False
        self.world_size = int(found[1])
        # A value of None is followed by the next name without a comma.
        bare = text[:2000].replace("None", " ")
        self.sizes = {name: int(size) for name, size in _SIZE.findall(bare)}
        return True
