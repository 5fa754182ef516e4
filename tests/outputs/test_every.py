"""What holds for each output, those of others that are installed included."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from archiver import registry
from archiver.extension import Encoder, Help, Report
from tests.outputs.conftest import GOLDENS

Book = dict[str, Help]
ENCODERS = {encoder.name: encoder for encoder in registry.outputs()}


@pytest.fixture(params=sorted(ENCODERS))
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Each output."""
    return ENCODERS[request.param]


def test_nothing_raw(encoder: Encoder, report: Report, single: Report, book: Book) -> None:
    """No control, bidi control, half surrogate or line separator, but for newlines and colours."""
    for sample in (report, single):
        for colour in (False, True):
            text = encoder.encode(sample, book, colour)
            if encoder.name == "text" and colour:
                text = re.sub(r"\x1b\[(?:[0-9;]+)m", "", text)
            raw = {unicodedata.category(char) for char in text if char != "\n"}
            assert raw & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()


def test_ends_with_a_newline(encoder: Encoder, report: Report, empty: Report, book: Book) -> None:
    """One, whatever was found; colour is nobody's but the text's."""
    for sample in (report, empty):
        text = encoder.encode(sample, book, False)
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert encoder.name == "text" or text == encoder.encode(sample, book, True)


def test_by_name() -> None:
    """The registry gives each by its name."""
    assert {name: registry.output(name) for name in ENCODERS} == ENCODERS


def test_no_golden_is_an_orphan() -> None:
    """Each golden belongs to an output."""
    assert {Path(path).name.split(".")[0].split("-")[0] for path in GOLDENS.iterdir()} <= set(
        ENCODERS
    )
