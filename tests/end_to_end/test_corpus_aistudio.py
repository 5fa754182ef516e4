"""Real ai-studio and W&B runs beside the repository, read one artifact at a time."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def bench() -> Any:
    """Reads directories with one reader."""
    return _helpers().Bench()


def _helpers() -> ModuleType:
    """The readers' test helpers, which are no package."""
    name = "readers_bench"
    if name not in sys.modules:
        place = HERE.parent / "readers" / "conftest.py"
        spec = importlib.util.spec_from_file_location(name, place)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def spelled(raw: str) -> Any:
    """The number of a JSON text, NaN as text."""
    value = json.loads(raw)
    return "NaN" if value != value else value  # noqa: PLR0124


def test_wandb_logs_of_five_releases(bench, corpus):
    """Every record, point, configuration value and exit code that the vendor's reader finds."""
    expected = json.loads((corpus / "expected" / "codex_ml.wandb.json").read_text("utf-8"))
    for name, wanted in expected.items():
        path = corpus / "codex_ml" / name
        (found,) = bench.read("wandb_log", path.parent).values()
        assert found.reading.extras["records"] == dict(sorted(wanted["records"].items())), name
        assert found.codes == [], name
        counts = {b.spec.key: len(b.values) for b in found.batches if b.spec.axis == "step"}
        counts |= dict.fromkeys(("_timestamp", "_runtime", "_step"), 120)
        assert counts == wanted["history_points"], name
        last = {b.spec.key: b.values[-1] for b in found.batches if b.spec.axis == "step"}
        for key, value in last.items():
            assert _helpers().plain(value) == spelled(wanted["last"][key]), (name, key)
        (config,) = found.reading.configs
        assert config.values == {
            key: json.loads(raw) for key, raw in wanted["config"].items() if key != "_wandb"
        }
        assert found.kinds == ["progress", "end-marker"]
        assert found.reading.attempts[0].marks[0].exit_code == wanted["exit_code"]
        assert found.points("train/loss")[-1] == [120, 2.4534846083831283]


def test_wandb_runs_of_2022(bench, corpus):
    """21 logs of 0.10 to 0.12, two of them empty, none with an exit record."""
    place = corpus / "public" / "wandb__IvLabs__context_enhancement" / "wandb"
    found = bench.read("wandb_log", place)
    matches = [item.match for item in found.values()]
    assert (matches.count("yes"), matches.count("damaged")) == (19, 3)
    assert sum(item.reading.accounting.corrupt for item in found.values()) == 4
    config = bench.read("wandb_config", place / "run-20220315_010428-5m6bnb14" / "files")
    assert config["config.yaml"].reading.configs[0].values["eps"] == 1e-09
    metadata = bench.read("wandb_metadata", place / "run-20220315_010428-5m6bnb14" / "files")
    claims = metadata["wandb-metadata.json"].claims
    assert claims["summary.gpus"] == ["Quadro RTX 6000 x 1"]
    assert claims["summary.git_commit"] == "b0d9903bd05f2106a725b772a0233435242f724e"
    assert claims["summary.conda_env"] == "context_enhancement"
