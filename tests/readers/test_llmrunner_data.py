"""Training data is counted, and never read as metrics."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

POOL = "datapool/experiments/tiny/data/raw/cpt"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("llmrunner_data", case)


@settings(max_examples=30)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "llmrunner_data")


@settings(max_examples=30)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """No line is looked into."""
    bench.survives(data, "llmrunner_data")


@pytest.mark.parametrize(
    ("content", "lines"),
    [("{}\n", 1), ("{}", 1), ("{}\n{}", 2), ("{}\r\n\r\n", 2), ("", 0), ("{}\u2028{}\n", 1)],
)
def test_lines(read_one, content, lines):
    """Line feeds, plus one for a last line without an end."""
    found = read_one(f"{POOL}/a.jsonl", content.encode())
    assert found.reading.datasets[0].lines == lines
    assert found.reading.accounting.read == lines


@pytest.mark.parametrize(
    ("path", "role", "field"),
    [
        (f"{POOL}/merged_input.jsonl", "merged_cpt", "data.merged_cpt"),
        # before 2026-01-29
        ("datapool/experiments/tiny/data/tokenized/sft/merged_input.jsonl", "merged_sft",
         "data.merged_sft"),
        ("datapool/data/raw/merged_input.jsonl", "merged", None),
        ("datapool/experiments/tiny/data/raw/sft/sft_input_label.jsonl", "sft_input_label", None),
        ("experiments/tiny/data/raw/sft/sub__part-001.jsonl", "raw_sft", None),
    ],
)  # fmt: skip
def test_where_data_lies_in_every_era(read_one, path, role, field):
    """Merged files moved once; the flat pool of the first days has no stages."""
    found = read_one(path, b"{}\n")
    (dataset,) = found.reading.datasets
    assert (dataset.role, dataset.lines, dataset.bytes, dataset.origin.value) == (
        role, 1, 3, "derived",
    )  # fmt: skip
    assert dict(found.claims) == ({field: path} if field else {})
