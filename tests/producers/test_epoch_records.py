"""Epoch by epoch records: what is late, where a process began."""

from __future__ import annotations

import math

from archiver.producers.epoch_records import EpochRecords, epoch_of


def gathered(*records):
    """The records of a list."""
    found = EpochRecords()
    for index, record in enumerate(records):
        found.add(record, f"/{index}")
    return found


FIRST = {"epoch": 1, "val_loss": 2.0}
LATER = {"epoch": 2, "val_loss": 1.0, "train_loss": 3.0, "val_f1": 0.5}


def test_what_is_late():
    """Keys of the second record that the first lacks, a training metric among them."""
    assert gathered(FIRST, LATER).skewed() == {"train_loss", "val_f1"}
    assert gathered(FIRST).skewed() == frozenset()
    assert gathered(LATER, LATER).skewed() == frozenset()
    assert gathered(FIRST, {"epoch": 2, "val_loss": 1.0, "val_f1": 0.5}).skewed() == frozenset()


def test_where_processes_begin():
    """A record in the middle that lacks all of it is the first of a resume."""
    again = {"epoch": 3, "val_loss": 1.0}
    assert gathered(FIRST, LATER, again, LATER).starts() == [0, 2]
    assert gathered(FIRST, LATER, {**again, "val_f1": 0.1}).starts() == [0]
    assert gathered().starts() == []


def test_items_that_are_no_records():
    """They are counted, and take no place."""
    found = gathered(FIRST, None, "x", [1], LATER)
    assert (found.dropped, found.places, found.last_epoch) == (3, ["/0", "/4"], 2.0)


def test_epoch_of_a_record():
    """A number, never a boolean or a text; none is NaN."""
    assert [epoch_of({"epoch": value}) for value in (3, 2.5)] == [3.0, 2.5]
    odd = (True, "3", None, 10**400, [1])
    assert all(math.isnan(epoch_of({"epoch": value})) for value in odd)
    assert math.isnan(epoch_of({}))
