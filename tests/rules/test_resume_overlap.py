"""Steps that were done twice."""

from __future__ import annotations

from pathlib import Path

from archiver.model.claims import Location
from archiver.model.record import Attempt
from tests.rules.timelines import Audit, Compare, changed, hits, mutated, series, step, told

NAME = "resume-overlap"
TWICE = step(
    attempts=(
        Attempt(1, "1", "interrupted", first_step=1),
        Attempt(2, "2", "success", first_step=21),
    )
)


def test_all_curves_are_one_finding():
    """With the step from which on it was done again, at the source that lost most."""
    other = series(at=Location("tb"), key="acc", superseded=5)
    (hit,) = hits(NAME, series=(series(superseded=1), other, series()), steps=(TWICE,))
    assert hit.message == "attempt 2 began again at step 21: 6 points of 2 series were superseded"
    assert hit.at.path == "tb"


def test_without_the_attempts():
    """Nobody says from where on; of a pipeline each training is told by itself."""
    assert told(hits(NAME, series=(series(superseded=1),))) == [
        "an attempt began again before the last recorded step: 1 point of 1 series was superseded"
    ]
    curves = (series(superseded=1, step_id="2"), series(superseded=2, step_id="5"))
    assert len(hits(NAME, series=curves, steps=(step(step_id="2"), step(step_id="5")))) == 2
    assert hits(NAME, series=(series(),), steps=(TWICE,)) == []


def test_a_resume_from_an_earlier_checkpoint(
    tmp_path: Path, audited: Audit, new_findings: Compare
) -> None:
    """The second process of a log begins two rows earlier."""

    def earlier(text: str) -> str:
        lines = text.splitlines(keepends=True)
        again = lines[2].replace('"elapsed_time": "3s"', '"elapsed_time": "0s"')
        return "".join([*lines[:4], again, *lines[4:]])

    case = "rules/resume_overlap/quiet-goes-on"
    copies = changed(case, tmp_path, "logging.jsonl", earlier)
    assert mutated(audited, new_findings, copies) == [("RA506", "logging.jsonl", "")]
