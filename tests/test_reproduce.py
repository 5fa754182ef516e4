"""Whether a run can be done again: never a yes that stands on a part of the questions."""

from __future__ import annotations

import pytest

from archiver.audit import Setting, audit
from archiver.extension import Fact, Hit, Rule, Vouch
from archiver.model.findings import Reproducibility
from archiver.policy import Ignore, Policy
from tests.audits import case, rule


def rules(*missing: str) -> tuple[Rule, ...]:
    """Rules that vouch for the seed, the code and the patch, and one that vouches for nothing."""
    vouches = {
        "seed": Vouch("the seed", essential=False),
        "code": Vouch("the code", essential=True),
        "patch": Vouch("the patch", essential=True, told=False),
    }
    named = enumerate(vouches.items(), 1)
    asked = (
        rule(number, *([Hit("m")] if name in missing else []), vouches=vouch, needs={Fact.RUN})
        for number, (name, vouch) in named
    )
    return (*asked, rule(9, Hit("m")))


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ((), Reproducibility("yes", ("the code", "the seed"), ())),
        (("seed",), Reproducibility("partly", ("the code",), ("the seed",))),
        (("code",), Reproducibility("no", ("the seed",), ("the code",))),
        (("patch", "seed"), Reproducibility("no", ("the code",), ("the patch", "the seed"))),
        (
            ("seed", "code", "patch"),
            Reproducibility("no", (), ("the code", "the patch", "the seed")),
        ),
    ],
)
def test_answer(missing: tuple[str, ...], expected: Reproducibility) -> None:
    """Yes with everything, no without something essential; the essential is named first."""
    done = audit(case(trains=True), Setting(rules(*missing), Policy()))
    assert done.reproducibility == expected


def test_what_is_kept_quiet_is_missing_all_the_same() -> None:
    """A policy changes what fails, not what is there."""
    policy = Policy(ignores=(Ignore(("*",), "why"),))
    done = audit(case(trains=True), Setting(rules("code"), policy))
    assert done.findings == ()
    assert done.reproducibility == Reproducibility("no", ("the seed",), ("the code",))


def test_what_is_known_is_missing_all_the_same() -> None:
    """So does a baseline."""
    found = audit(case(trains=True), Setting(rules("code"), Policy())).findings
    baseline = frozenset(item.fingerprint for item in found)
    done = audit(case(trains=True), Setting(rules("code"), Policy(), baseline))
    assert done.findings == ()
    assert done.reproducibility == Reproducibility("no", ("the seed",), ("the code",))


def test_no_answer_where_nothing_trains() -> None:
    """A run of evaluations has no training to do again."""
    assert audit(case(), Setting(rules(), Policy())).reproducibility is None


def test_no_answer_from_a_part_of_the_rules() -> None:
    """Rules that were not selected, could not judge or stopped leave the question open."""
    of = case(trains=True)

    def stops(_: object) -> list[Hit]:
        raise ValueError

    few = Policy(select=("RA1", "RA9"))
    assert audit(of, Setting(rules(), few)).reproducibility is None
    assert audit(of, Setting((rule(9),), Policy())).reproducibility is None
    stopped = rule(4, check=stops, vouches=Vouch("the data", essential=True))
    assert audit(of, Setting((*rules(), stopped), Policy())).reproducibility is None
    without = case(trains=True, facts=())
    assert audit(without, Setting(rules(), Policy())).reproducibility is None
