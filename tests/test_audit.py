"""The audit runs every rule, loses nothing of what they say, and survives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from archiver import audit as audits
from archiver import contracts
from archiver.audit import Audit, Setting, audit
from archiver.contracts import Contract, Era
from archiver.extension import Case, Expected, Fact, Hit, Rule, Severity, Threshold
from archiver.model.claims import Location, Problem
from archiver.model.findings import Place, Position
from archiver.policy import Ignore, Override, Policy
from tests.audits import case, rule

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
AT = Location("a.json", "/x")


def paths(at: Location) -> tuple[str, ...]:
    """The run is `runs/7`; what a location names lies below."""
    return ("runs/7", f"runs/7/{at.path}") if at.path else ("runs/7",)


def run(*rules: Rule, policy: Policy | None = None, of: Case | None = None) -> Audit:
    """An audit by these rules."""
    return audit(of or case(), Setting(rules, policy or Policy(), paths=paths))


def fingerprints(*hits: Hit, of: Case | None = None, number: int = 1) -> list[str]:
    """Of what one rule found."""
    return [item.fingerprint for item in run(rule(number, *hits), of=of).findings]


def test_gravest_first_then_by_place() -> None:
    """Severity, path in natural order, line in numeric order, rule, message."""
    done = run(
        rule(2, Hit("n", Location("a2.json")), severity=NOTE),
        rule(
            1,
            Hit("d", Location("a10.json")),
            Hit("c", Location("a2.json", "L12!/x")),
            Hit("b", Location("a2.json", "L2")),
            Hit("a", Location("a2.json", "L2")),
            Hit("run"),
            Hit("grave", Location("z"), severity=ERROR),
        ),
        rule(0, Hit("e", Location("a10.json"))),
    )
    assert [item.message for item in done.findings] == [
        "grave", "run", "a", "b", "c", "e", "d", "n"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "policy", "expected"),
    [
        (None, Policy(), WARNING),
        (NOTE, Policy(), NOTE),
        (NOTE, Policy(severity={"RA1": ERROR}), ERROR),
        (None, Policy(severity={"fault-*": NOTE}), NOTE),
        (None, Policy(overrides=(Override(("runs/7/a.json",), {"RA1": ERROR}),)), ERROR),
        (None, Policy(overrides=(Override(("runs/7",), {"RA1": ERROR}),)), ERROR),
        (None, Policy(overrides=(Override(("runs/8",), {"RA1": ERROR}),)), WARNING),
    ],
)
def test_severity(own: Severity | None, policy: Policy, expected: Severity) -> None:
    """The policy's at that place, else the hit's own, else the rule's."""
    (found,) = run(rule(1, Hit("m", AT, severity=own)), policy=policy).findings
    assert found.severity is expected


def test_a_finding_is_what_was_hit() -> None:
    """Message, place, related places and hint, under the rule's id and name."""
    related = (Place(Location("b.json"), "there"),)
    (found,) = run(rule(1, Hit("m", AT, related, "do"))).findings
    assert (found.rule, found.name) == ("RA1", "fault-1")
    assert (found.message, found.at, found.related, found.hint) == ("m", AT, related, "do")


def test_positions_of_problems() -> None:
    """Where a reader told line and column of a place, findings and related places there have it."""
    of = case(
        Problem("bad", "m", AT, line=4, column=2),
        Problem("bad", "m", Location("b.json", "/y"), line=9),
    )
    related = (Place(Location("b.json", "/y"), ""), Place(AT, "", Position(1, 1)))
    first, second = run(rule(1, Hit("m", AT, related), Hit("n", Location("c"))), of=of).findings
    assert first.position == Position(4, 2)
    assert [place.position for place in first.related] == [Position(9), Position(1, 1)]
    assert second.position is None


def test_suppressed_with_reasons() -> None:
    """What the policy ignores is kept with the first reason that fits, and is no finding."""
    policy = Policy(
        ignores=(
            Ignore(("RA1",), "old runs", ("runs/7/a.json",)),
            Ignore(("fault-1", "RA3"), "all the same"),
            Ignore(("RA2",), "another run", ("runs/8",)),
        )
    )
    hits = (Hit("b", Location("b.json")), Hit("a", AT))
    done = run(rule(1, *hits), rule(2, Hit("c")), policy=policy)
    assert [(item.finding.message, item.reason) for item in done.suppressed] == [
        ("a", "old runs"),
        ("b", "all the same"),
    ]
    assert [item.message for item in done.findings] == ["c"]


def test_unselected_rules_say_nothing() -> None:
    """They neither run nor stand among those that could not."""
    done = run(rule(1, Hit("a")), rule(2, Hit("b")), policy=Policy(select=("fault-2",)))
    assert [item.message for item in done.findings] == ["b"]
    assert done.ran == {"RA2"}
    assert done.rules_not_run == {}


def test_baseline_keeps_known_faults_apart() -> None:
    """A finding of the baseline is known; a suppressed one stays suppressed."""
    rules = (rule(1, Hit("a", AT), Hit("b", Location("b"))), rule(2, Hit("c")))
    baseline = frozenset(item.fingerprint for item in run(*rules).findings if item.message != "b")
    policy = Policy(ignores=(Ignore(("RA2",), "why"),))
    done = audit(case(), Setting(rules, policy, baseline, paths))
    assert [item.message for item in done.findings] == ["b"]
    assert [item.message for item in done.known] == ["a"]
    assert [item.finding.message for item in done.suppressed] == ["c"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("L7", "L8"), ("L7!/loss", "L9!/loss"), ("L3:1", "L4:2"), ("byte 12", "byte 40")],
)
def test_fingerprint_survives_moved_lines(before: str, after: str) -> None:
    """Lines, offsets and figures of a fault change while it stays the same."""
    first = fingerprints(Hit("3 rows", Location("m.ndjson", before)))
    assert fingerprints(Hit("4 rows", Location("m.ndjson", after))) == first


def test_fingerprints_differ() -> None:
    """By rule, run, tree, file, pointer and, at one place, by number; each has 32 hex digits."""
    hit = Hit("m", AT)
    found = [
        *fingerprints(hit, hit, Hit("another", AT)),
        *fingerprints(hit, number=2),
        *fingerprints(hit, of=case(identity="2" * 64)),
        *fingerprints(Hit("m", Location("a.json", "/x", "experiment"))),
        *fingerprints(Hit("m", Location("b.json", "/x"))),
        *fingerprints(Hit("m", Location("a.json", "/y"))),
        *fingerprints(Hit("m", Location("a.json"))),
        *fingerprints(Hit("m")),
        *fingerprints(Hit("m", Location("\ud800"))),
    ]
    assert len(set(found)) == len(found) == 11
    assert all(len(item) == 32 and set(item) <= set("0123456789abcdef") for item in found)


def test_needs_that_are_not_met() -> None:
    """A rule without its facts is not asked, and what it lacks is told in a fixed order."""
    asked: list[Case] = []
    done = run(
        rule(1, check=lambda given: asked.append(given) or [], needs=(Fact.RUN, Fact.CLOCK)),
        rule(2, Hit("m"), needs=(Fact.FILES,)),
        of=case(facts=(Fact.FILES,)),
    )
    assert asked == []
    assert done.rules_not_run == {"RA1": "needs a whole run"}
    assert done.ran == {"RA2"}


def test_a_crash_stops_one_rule() -> None:
    """It is told with its cause, what it said before counts for nothing, the others go on."""

    def check(_: Case) -> Iterator[Hit]:
        yield Hit("half")
        raise ValueError("x" * 1000)

    done = run(rule(1, check=check), rule(2, Hit("whole")))
    assert done.crashed == ("RA1",)
    assert done.ran == {"RA2"}
    assert [item.message for item in done.findings] == ["whole"]
    reason = done.rules_not_run["RA1"]
    assert reason.startswith("stopped on this run (ValueError: xxx")
    assert reason.endswith("…); please report this")
    assert len(reason) < 250


def test_interruption_is_no_crash() -> None:
    """Who presses Ctrl-C stops the audit."""

    def check(_: Case) -> list[Hit]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(rule(1, check=check))


def test_floods_are_cut() -> None:
    """Of more than 200 the gravest are told, and one more tells how many are not."""
    many = [Hit(f"{n}", Location(f"{n}.json"), severity=NOTE) for n in range(250)]
    grave = Hit("grave", Location("z"), severity=WARNING)
    done = run(rule(1, *many, grave, severity=ERROR))
    assert len(done.findings) == 201
    assert done.findings[0].message == "grave"
    (rest,) = [item for item in done.findings if "counted, not told" in item.message]
    assert rest.message == "51 more findings of this rule are counted, not told"
    assert rest.severity is NOTE
    assert rest.at == Location("")
    assert len(run(rule(1, *many[:200])).findings) == 200


def test_related_places_are_cut() -> None:
    """A finding names twenty other places and no more."""
    places = tuple(Place(Location(f"{n}"), "") for n in range(30))
    (found,) = run(rule(1, Hit("m", AT, places))).findings
    assert found.related == places[:20]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), {"hours": 24.0, "rows": 5.0}),
        (Policy(thresholds={"fault-1": {"hours": 48}}), {"hours": 48, "rows": 5.0}),
        (
            Policy(
                thresholds={"RA1": {"hours": 48}},
                overrides=(Override(("runs/7",), {}, {"RA1": {"hours": 1}}),),
            ),
            {"hours": 1, "rows": 5.0},
        ),
    ],
)
def test_thresholds(policy: Policy, expected: dict[str, float]) -> None:
    """A rule sees its own, defaults filled in, as the policy sets them for the run."""
    seen: list[dict[str, float]] = []
    own = {"hours": Threshold(default=24.0, meaning=""), "rows": Threshold(default=5.0, meaning="")}
    run(
        rule(1, check=lambda given: seen.append(dict(given.thresholds)) or [], thresholds=own),
        rule(2, check=lambda given: seen.append(dict(given.thresholds)) or []),
        policy=policy,
    )
    assert seen == [expected, {}]


@pytest.fixture
def two_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A producer with three eras, newest first, and another with one."""
    plain = Contract("plain", "Plain", (), (), (), frozenset(), None)
    eras = (
        Era("v3", (), ("p.a", "p.b", "p.c"), ("p.x",)),
        Era("v2", (), ("p.a", "p.b"), ("p.c",)),
        Era("v1", (), ("p.a", "p.c"), ()),
    )
    other = replace(plain, name="other", title="Other", eras=(Era("one", (), ("o.a",), ("o.a",)),))
    known = (replace(plain, eras=eras), other)
    monkeypatch.setattr(contracts, "every", lambda: known)


@pytest.mark.parametrize(
    ("era", "since"),
    [
        ("v3", {"p.a": "v1", "p.b": "v2", "p.c": "v3", "p.x": ""}),
        ("v2", {"p.a": "v1", "p.b": "v2", "p.c": ""}),
        ("v1", {"p.a": "v1", "p.c": "v1"}),
    ],
)
@pytest.mark.usefixtures("two_contracts")
def test_expected_since(era: str, since: dict[str, str]) -> None:
    """Since the oldest era from which on a kind is required without a gap."""
    found = audits.expected({"plain": era})
    assert {item.kind: item.since for item in found} == since
    assert {item.kind for item in found if item.required} == {k for k, v in since.items() if v}
    assert {(item.producer, item.title, item.era) for item in found} == {("plain", "Plain", era)}


@pytest.mark.usefixtures("two_contracts")
def test_expected_of_several_producers() -> None:
    """Each of the run's producers in its era; eras that nobody knows ask for nothing."""
    found = audits.expected({"plain": "v1", "other": "one", "third": "x"})
    assert [(item.producer, item.kind) for item in found] == [
        ("plain", "p.a"),
        ("plain", "p.c"),
        ("other", "o.a"),
    ]
    assert found[2] == Expected("other", "Other", "one", "o.a", True, "one")
    assert audits.expected({"plain": "v9"}) == ()
    assert audits.expected({}) == ()
