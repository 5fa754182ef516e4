"""What the producers wrote satisfies the schemas, in the fixtures and in real runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.schemas.conftest import SCHEMAS, Document, Schema, cases, documents

EACH = pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
HARMLESS = frozenset({
    "big-integer", "checksum-mismatch", "crlf", "git-failed", "git-warning", "non-finite-token",
    "parent-config-not-kept", "yaml-readings-differ",
})  # fmt: skip
"""Codes of problems with a document that leave its form as the producer writes it."""
FAULTY = {
    "codex_metric_descriptors/clean/metrics_manifest.ndjson:L2": "an id that no descriptor gets",
    "codex_metrics/dialects/metrics.ndjson:L7": "a row of no known form",
    "codex_metrics/dialects/metrics.ndjson:L9": "a row of no known form",
    "codex_metrics/torn/metrics.ndjson:L2": "a value in quotes",
    "codex_metrics/torn/metrics.ndjson:L9": "no tags",
    "codex_metrics/torn/metrics.ndjson:L10": "neither step nor tags",
    "codex_telemetry/clean/metrics.json": "a number among the rows",
    "coordexp_heartbeat/detection-scores/train_heartbeat.rank1.jsonl:L6": "a row without an event",
    "coordexp_pipeline_manifest/without-checksum/pipeline_manifest.json": "no payload to check",
    "run_experiment_design_log/torn/design-experiment.jsonl:L2": "a row without an action",
    "hf_trainer_state/fractions-and-nan/checkpoint-7/trainer_state.json": "a state cut down",
}
"""Documents of the fixtures that the readers bear and no producer writes."""
DAMAGED = {
    "codex_ml.metrics": {
        "codex_ml/malformed-truncated-nan: metrics.ndjson": "lines that are no rows",
        "codex_ml/malformed-truncated-nan: metrics.ndjson:L8": "a value in quotes",
        "codex_ml/malformed-truncated-nan: metrics.ndjson:L9": "a value in quotes",
        "codex_ml/malformed-truncated-nan: metrics.ndjson:L10": "a step in quotes",
        "codex_ml/malformed-truncated-nan: metrics.ndjson:L12": "no step",
        "codex_ml/malformed-truncated-nan: metrics.ndjson:L27": "a truth value, which is 1",
        "codex_ml/malformed-truncated-nan: metrics.ndjson:L30": "null for no tags, which is {}",
        "codex_ml/malformed-truncated-nan: metrics.ndjson:L32": "no tags",
        "codex_ml/malformed-truncated-nan: metrics.ndjson:L35": "no run id",
        "codex_ml/malformed-truncated-nan: metrics.ndjson:L36": "a row of no known form",
    },
    "coordexp.data_provenance": {
        "coordexp/06-crashed-truncated: stage1_mini_resume/v0-20261121-224533"
        "/train_data_provenance.json": "one byte is left",
    },
    "coordexp.experiment_manifest": {
        "coordexp/06-crashed-truncated: stage1_mini_resume/v0-20261121-224533"
        "/experiment_manifest.json": "empty",
    },
    "coordexp.heartbeat": {
        "coordexp/06-crashed-truncated: stage1_mini_resume/v0-20261121-224533"
        "/train_heartbeat.rank0.jsonl": "its last row is torn",
    },
    "coordexp.run_metadata": {
        "coordexp/06-crashed-truncated: stage1_mini_resume/v0-20261121-224533"
        "/run_metadata.json": "cut short",
    },
    "ms_swift.logging": {
        "coordexp/06-crashed-truncated: stage1_mini_resume/v0-20261121-224533"
        "/logging.jsonl": "its last row is torn",
    },
}
"""Real documents, by schema, that cannot be read or are not valid -> why."""


def sound(document: Document) -> bool:
    """Whether a document is in the form in which its producer writes it."""
    return document.whole and document.codes <= HARMLESS


@EACH
def test_fixtures_are_valid(schema: Schema) -> None:
    """Every sound document of the cases satisfies its schema, and there is one."""
    found, refused = 0, set()
    for case, directory in cases(schema):
        for document in filter(sound, documents(schema, directory)):
            found += 1
            if not schema.accepts(document.value):
                refused.add(f"{schema.reader.name}/{case}/{document.path}")
    assert found
    home = f"{schema.reader.name}/"
    known = {path for path in FAULTY if path.startswith(home) and schema.names(path.split(":")[0])}
    assert refused == known


@EACH
def test_real_documents_are_valid(schema: Schema, corpus: Path) -> None:
    """Every document of the real runs satisfies its schema, but for the damaged ones."""
    refused = set()
    for directory in sorted(corpus.glob("*/*")):
        if not directory.is_dir() or directory.parent.name == "expected":
            continue
        for document in documents(schema, directory):
            if not document.whole or not schema.accepts(document.value):
                home = directory.relative_to(corpus).as_posix()
                refused.add(f"{home}: {document.path}")
    assert refused == set(DAMAGED.get(schema.name, ()))
