"""A configuration that is called resolved still holds placeholders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.findings import Finding, RunFindings
from archiver.model.values import Tagged, Value
from tests.rules.provenance import config, hits, mutated, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


@pytest.mark.parametrize(
    "value",
    [
        "${data_dir}/train.jsonl",
        "${oc.env:HOME}",
        "{{ run_name }}",
        "$SCRATCH",
        "$SCRATCH/data/a",
        "???",
        "<YOUR_API_NAME>",
        "/data/<PATH>/a",
        "<fill me>".upper(),
        Tagged("unresolved", "${a}"),
    ],
)
def test_placeholder(value: Value) -> None:
    """References, variables and blanks are placeholders."""
    (hit,) = hits("unresolved-interpolation", configs=(config({"a": {"b": [value]}}),))
    assert hit.at.place == "/a/b/0"
    assert hit.message.startswith("1 value of a resolved configuration is not resolved: /a/b/0 ")


@pytest.mark.parametrize(
    "values",
    [
        {"price": "$5 a piece"},
        {"glob": "a$"},
        {"shell": "echo $HOME | wc"},
        {"eos": "<EOS_TOKEN>", "image": "<image>", "hidden": "<REDACTED>"},
        {"chat_template": "{{ messages }}", "prompt": {"system": "${name}"}},
        {"text": "line one\n${x}"},
        {"text": "${x}" + "a" * 2000},
        {"empty": "${}"},
        {"number": 1, "none": None, "bytes": Tagged("bytes", "${x}")},
    ],
)
def test_no_placeholder(values: dict[str, Value]) -> None:
    """Money, commands, special tokens, prompts and long texts are none."""
    assert hits("unresolved-interpolation", configs=(config(values),)) == []


def test_authored_configurations_may_hold_them() -> None:
    """Only what was resolved or used is asked."""
    values: dict[str, Value] = {"a": "${b}"}
    assert hits("unresolved-interpolation", configs=(config(values, "authored"),)) == []
    assert hits("unresolved-interpolation", configs=(config(values, "launcher"),)) == []
    assert len(hits("unresolved-interpolation", configs=(config(values, "effective"),))) == 1


def test_flood_is_one_finding() -> None:
    """A configuration is told once, with the number and its first places."""
    values: dict[str, Value] = {f"key{n:04}": "${x}" for n in range(3000)}
    found = hits("unresolved-interpolation", configs=(config(values),))
    assert told(found) == [
        (
            '3000 values of a resolved configuration are not resolved: /key0000 "${x}", '
            '/key0001 "${x}", /key0002 "${x}" and 2997 more'
        )
    ]
    assert len(found[0].related) == 2


@pytest.mark.parametrize("letters", ["A" * 900, "A_" * 450, "A-" * 450 + "!"])
def test_blank_without_an_end_takes_no_time(letters: str) -> None:
    """A hostile value must not hold the audit up."""
    values: dict[str, Value] = {f"key{n}": f"<TODO{letters}" for n in range(100)}
    assert hits("unresolved-interpolation", configs=(config(values),)) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A reference that was left in a resolved configuration is found, and nothing else."""
    before, after = mutated(
        tmp_path,
        "unresolved_interpolation/quiet-texts-of-their-own",
        {"resolved_config.json#/resolved/training/output_dir": "${ROOT}/out"},
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["unresolved-interpolation"]
