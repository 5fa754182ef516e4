"""A value means one thing to one YAML reader and another to the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.extension import Severity
from archiver.model.findings import Finding, RunFindings
from archiver.model.values import Value
from tests.rules.provenance import config, hits, mutated, problem, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

BARE = 'YAML 1.1, as the producer read it, says "5e-4"; YAML 1.2 says 0.0005'
WORD = 'YAML 1.1, as the producer read it, says true; YAML 1.2 says "yes"'
CODE = "yaml-readings-differ"


def test_number_of_an_authored_file_is_a_warning() -> None:
    """A number that is text to the producer is told with the spelling that both read."""
    (hit,) = hits(
        "ambiguous-yaml-value",
        configs=(config({"gamma": "5e-4"}, "authored", path="a.yaml"),),
        problems=(problem(CODE, "a.yaml", "/gamma", BARE),),
    )
    assert (hit.severity, hit.hint) == (Severity.WARNING, "write 5.0e-4")
    assert hit.message == f"gamma: {BARE}"


def test_number_under_a_key_of_numbers_is_a_warning() -> None:
    """Whoever wrote the file, a learning rate is a number."""
    (hit,) = hits("ambiguous-yaml-value", problems=(problem(CODE, "a.yaml", "/x/lr", BARE),))
    assert hit.severity is Severity.WARNING


def test_other_readings_are_a_note() -> None:
    """A word, or a text that the producer's own writer wrote, means what the producer read."""
    for place, message in (("/lr", WORD), ("/version", BARE)):
        (hit,) = hits("ambiguous-yaml-value", problems=(problem(CODE, "a.yaml", place, message),))
        assert hit.severity is Severity.NOTE
        assert hit.hint == ""


def test_a_file_is_told_once_and_what_hurts_first() -> None:
    """Values of one file are one finding, at the number that was read as text."""
    found = hits(
        "ambiguous-yaml-value",
        problems=(problem(CODE, "a.yaml", "/on", WORD), problem(CODE, "a.yaml", "/lr", BARE)),
    )
    assert told(found) == [f"lr: {BARE} (1 more value like it)"]
    assert [place.at.place for place in found[0].related] == ["/on"]


def test_text_in_a_configuration() -> None:
    """A number that arrived as text is told where its configuration has numbers."""
    found = hits("ambiguous-yaml-value", configs=(config({"training": {"learning_rate": "5e-4"}}),))
    assert told(found) == ['learning_rate is the text "5e-4" where a number belongs']
    assert str(found[0].at) == "resolved.json#/training/learning_rate"


def test_text_that_came_from_a_told_file_is_beside_it() -> None:
    """The authored file is the cause; the resolved configuration stands beside it."""
    (hit,) = hits(
        "ambiguous-yaml-value",
        configs=(config({"lr": "5e-4"}),),
        problems=(problem(CODE, "a.yaml", "/training/lr", BARE),),
    )
    assert hit.at.path == "a.yaml"
    assert [place.at.path for place in hit.related] == ["resolved.json"]


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"lr": "5e-4"}, {"typed": False}),
        ({"lr": "5e-4"}, {"format": "mlflow"}),
        ({"lr": "linear"}, {}),
        ({"lr": 5e-4, "name": "5e-4"}, {}),
        ({"lr": "9" * 5000}, {}),
    ],
)
def test_no_number_as_text(values: dict[str, Value], parts: dict[str, object]) -> None:
    """Forms without types, other keys and other texts are no finding."""
    assert hits("ambiguous-yaml-value", configs=(config(values, **parts),)) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A number that became a text is found, and nothing else."""
    before, after = mutated(
        tmp_path,
        "ambiguous_yaml_value/quiet-with-a-dot",
        {"resolved_config.json#/resolved/training/weight_decay": "1e-1"},
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["ambiguous-yaml-value"]
