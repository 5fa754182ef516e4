"""What a killed writer left: a sign of death, and epochs that nobody else has."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("ai_studio_temp", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "ai_studio_temp")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "ai_studio_temp")


NAME = ".metrics.json.a37b247598a44e08a06f4bed612675a4.tmp"


def test_list_that_is_no_longer_than_the_one_beside_it(read):
    """A leftover of an earlier write holds nothing new: no points, a problem of its own."""
    old = '{"epochs": [{"epoch": 1, "val_loss": 2.0}]}'
    new = '{"epochs": [{"epoch": 1, "val_loss": 2.0}, {"epoch": 2, "val_loss": 1.0}]}'
    found = read({NAME: old, "metrics.json": new})[NAME]
    assert (found.codes, found.batches, found.kinds) == (["leftover-temporary"], [], ["death"])


def test_points_of_a_leftover_stand_for_no_metric(read):
    """They are told, and take no standard name from the list that was moved into place."""
    found = read({NAME: '{"epochs": [{"epoch": 1, "val_loss": 2.0}]}'})[NAME]
    assert found.points("val_loss", "eval") == [[None, 2.0]]
    assert [batch.spec.canonical for batch in found.batches] == [None]
    assert found.batches[0].spec.source == NAME


def test_empty_leftover(read):
    """A file that was opened and never written."""
    found = read({NAME: ""})[NAME]
    assert (found.match, found.codes, found.kinds) == ("yes", ["empty"], ["death"])
