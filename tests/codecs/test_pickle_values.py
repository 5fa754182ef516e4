"""Values of pickles written out: objects as text, what is shared within limits."""

from __future__ import annotations

import collections
import datetime
import pathlib
import pickle  # only to write
from dataclasses import replace

import pytest

from archiver.codecs.pickle_inert import parse
from archiver.codecs.pickle_values import Converter
from archiver.limits import DEFAULT
from archiver.model.values import Tagged


class Thing:
    """An object of a user's class."""

    def __init__(self):
        self.x = [1]


def value(data, **limits):
    """The plain value of a pickle."""
    return Converter(replace(DEFAULT, **limits)).value(parse(data).value)


@pytest.mark.parametrize("protocol", range(6))
def test_objects_are_their_names_and_arguments(protocol):
    """Whatever the instructions that make them."""
    data = pickle.dumps({"a": Thing(), "b": pathlib.PurePosixPath("x/y"), "c": Thing}, protocol)
    found = value(data)
    name = f"{__name__}.Thing"
    assert found["a"] == Tagged(f"python/object:{name}", '{"x": [1]}')
    assert found["b"].type == "python/object/apply:pathlib.PurePosixPath"
    assert found["c"] == Tagged("python/name", name)
    assert name in parse(data).globals


@pytest.mark.parametrize("protocol", range(6))
def test_containers_of_the_standard_library(protocol):
    """Ordered maps are maps, sets and dates keep their type."""
    ordered = collections.OrderedDict(b=1, a=2)
    data = {"o": ordered, "s": {1}, "f": frozenset({2}), "d": datetime.date(2026, 2, 20)}
    found = value(pickle.dumps(data, protocol))
    assert list(found["o"].items()) == [("b", 1), ("a", 2)]
    assert found["s"].type == "python/object/apply:builtins.set"
    assert found["f"].value == "[[2]]"
    assert found["d"].type == "python/object/apply:datetime.date"


def doubling(levels):
    """A list of two lists, each the one before: small to write, 2**levels to write out."""
    node = []
    for _ in range(levels):
        node = [node, node]
    return node


def test_what_is_shared_is_not_multiplied_without_end():
    """The memo shares; written out it is cut at the limit of values."""
    converter = Converter(replace(DEFAULT, pickle_nodes=1000))
    converter.value(parse(pickle.dumps(doubling(60), 2)).value)
    assert converter.flaws.counts["size-limit"] >= 1


def test_what_holds_itself_ends():
    """At the limit of levels."""
    node = []
    node.append(node)
    converter = Converter()
    converter.value(parse(pickle.dumps(node, 2)).value)
    assert converter.flaws.counts == {"nesting-limit": 1}


def test_objects_in_objects_grow_no_quotes():
    """As text inside of text every level would double them."""
    body = b"".join(b"cm\nX\n" for _ in range(40)) + b'X\x01\x00\x00\x00"' + b"\x85R" * 40 + b"."
    assert len(str(value(b"\x80\x02" + body))) < 10_000


@pytest.mark.parametrize("node", [b"h\x00", b"cm\n" + b"n" * 900 + b"\nq\x01"])
def test_shared_text_is_written_out_within_a_limit(node):
    """A list of references to one text is small until it is written."""
    text = b"\x80\x04X\xe8\x03\x00\x00" + b"x" * 1_000 + b"q\x00"
    body = text + b"0](" + node + (b"h" + node[-1:]) * 500 + b"e."
    converter = Converter(replace(DEFAULT, pickle_characters=20_000))
    written = converter.value(parse(body).value)
    assert isinstance(written, list)
    assert sum(len(str(item)) for item in written) < 80_000
    assert converter.flaws.counts["size-limit"] > 400
