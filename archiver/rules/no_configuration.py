"""No configuration was kept with the run.

What it finds
    Training of which no artifact holds a setting: no configuration file, no arguments, no
    hyperparameters of a tracker.

Why it matters
    The curve says how it went, and nothing says of what. The run cannot be repeated, compared or
    explained.

Example
    note    [RA107 no-configuration]
            no artifact holds the settings that the run trained with

What to do
    Keep the configuration beside the results, as the program resolved it. Where it lies in
    another directory, give that one with `--with`.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity, Vouch


def check(case: Case) -> Iterator[Hit]:
    """At most one hit, of the run."""
    if case.training and not any(config.values for config in case.record.configs):
        yield Hit("no artifact holds the settings that the run trained with")


RULE = Rule(
    id="RA107",
    name="no-configuration",
    summary="No artifact holds the settings that the run trained with",
    severity=Severity.NOTE,
    check=check,
    vouches=Vouch("the configuration", essential=True),
)
