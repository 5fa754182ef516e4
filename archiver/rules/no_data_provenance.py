"""No artifact says on which data the run trained.

What it finds
    Training of which no artifact names a data set, a data file or a directory of data.

Why it matters
    A result is one of a model on data. Without the data's name nobody can repeat it, and nobody
    can tell whether a test set was trained on.

Example
    note    [RA106 no-data-provenance]
            no artifact names the data that was trained on

What to do
    Name the data in the configuration that is kept with the run, best with a digest.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.codecs.pointers import walk
from archiver.extension import Case, Hit, Rule, Severity, Vouch
from archiver.model.record import Config
from archiver.model.values import Value

_KEYS = frozenset(
    {
        "data", "data_dir", "data_files", "data_path", "dataset", "dataset_dir", "dataset_id",
        "dataset_name", "dataset_path", "dataset_source", "datasets", "mock_data", "train_data",
        "train_data_path",
        "train_dataset", "train_file", "train_files", "train_path",
    }
)  # fmt: skip
"""Keys under which configurations of any producer name data, or that it was made up."""
_NOTHING: tuple[Value, ...] = (None, "", "None", "False", False, [], {})


def check(case: Case) -> Iterator[Hit]:
    """At most one hit, of the run."""
    record = case.record
    known = record.datasets or record.data_copies or any(map(_names_data, record.configs))
    stated = any(name.startswith("data.") for name in record.fields)
    measured = any(series.dataset for series in record.series)
    if case.training and not (known or stated or measured):
        yield Hit("no artifact names the data that was trained on")


def _names_data(config: Config) -> bool:
    return any(
        path
        and str(path[-1]).lower().lstrip("-").replace("-", "_").rpartition(".")[2] in _KEYS
        and value not in _NOTHING
        for path, value in walk(config.values)
    )


RULE = Rule(
    id="RA106",
    name="no-data-provenance",
    summary="No artifact says on which data the run trained",
    severity=Severity.NOTE,
    check=check,
    vouches=Vouch("the name of the data", essential=True),
)
