"""Names of event files."""

from __future__ import annotations

import pytest

from archiver.producers.tensorboard_files import file_name


@pytest.mark.parametrize(
    ("name", "seconds", "host", "process", "files"),
    [
        ("events.out.tfevents.1795311180.trainhost.11256.0", 1795311180, "trainhost",
         "trainhost.11256", 0),
        ("events.out.tfevents.1795311180.node-1.cluster.example.42.7.v2", 1795311180,
         "node-1.cluster.example", "node-1.cluster.example.42", 7),
        ("events.out.tfevents.1480000000.oldhost", 1480000000, "oldhost",
         "events.out.tfevents.1480000000.oldhost", 0),
        ("events.out.tfevents.x", None, None, "events.out.tfevents.x", 0),
    ],
)  # fmt: skip
def test_file_name(name, seconds, host, process, files):
    """Host names hold dots and digits; old writers left the process out."""
    found = file_name(name)
    assert (found.seconds, found.host, found.process, found.number) == (
        seconds, host, process, files,
    )  # fmt: skip
