"""One function per verb: everything between the command line and the floors below, no printing."""

from archiver.workflows.collecting import Collection, CollectOptions, Outcome, collect
from archiver.workflows.summarising import metrics
from archiver.workflows.validating import ValidateOptions, Verdict, validate

__all__ = [
    "CollectOptions",
    "Collection",
    "Outcome",
    "ValidateOptions",
    "Verdict",
    "collect",
    "metrics",
    "validate",
]
