"""The page to read before adding a reader, a rule or an output.

Each is a descriptor: one constant in one module, found by listing the package. There is no base
class, no decorator and no list to edit. `CONTRIBUTING.md` walks through one of each.

A reader is three functions:

`detect`  looks at a candidate's content and says whether it is an artifact of its kind;
`parse`   turns bytes into a private shape of the reader's own;
`map`     turns that shape into claims, configurations, steps, ... and hands points to the sink.

A reader never opens a file itself, never imports another reader, and never stamps its own name:
`collect` does that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Generic, TypeVar

from archiver.artifact import Artifact, Match, Member
from archiver.case import Case, Expected, Hit, Points
from archiver.encoder import Encoder, Help
from archiver.model.findings import Fact, Report, Severity
from archiver.model.plain import dataclass
from archiver.model.points import Metric, PointSink
from archiver.model.reading import Reading
from archiver.rundir import Entry, Tree

__all__ = [
    "Artifact",
    "Case",
    "Encoder",
    "Expected",
    "Fact",
    "Help",
    "Hit",
    "Match",
    "Member",
    "Metric",
    "PointSink",
    "Points",
    "Reader",
    "Reading",
    "Report",
    "Rule",
    "Selection",
    "Severity",
    "Threshold",
    "Vouch",
    "directories",
    "families",
    "files",
    "json_object",
]

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Selection:
    """One candidate that a selector picked by name alone."""

    path: str
    files: tuple[Entry, ...]


Selector = Callable[[Tree], Iterable[Selection]]


def files(*patterns: str) -> Selector:
    """Each file whose name matches one of the shell patterns, by itself."""

    def select(tree: Tree) -> Iterable[Selection]:
        return (Selection(entry.path, (entry,)) for entry in tree.named(*patterns))

    return select


def directories(accepts: Callable[[str], bool]) -> Selector:
    """Each directory whose name is accepted, with every file below it."""

    def select(tree: Tree) -> Iterable[Selection]:
        for path, below in tree.directories.items():
            if accepts(path.rpartition("/")[2]):
                yield Selection(path, tuple(below))

    return select


def families(family: Callable[[Entry], tuple[str, int] | None]) -> Selector:
    """Files that belong together, such as rotated shards.

    `family` gives a file's common name and its rank within it, or None for a stranger.
    """

    def select(tree: Tree) -> Iterable[Selection]:
        groups: dict[str, list[tuple[int, Entry]]] = {}
        for entry in tree.files:
            placed = family(entry)
            if placed is not None:
                groups.setdefault(placed[0], []).append((placed[1], entry))
        for path, members in groups.items():
            ordered = sorted(members, key=lambda member: member[0])
            yield Selection(path, tuple(entry for _, entry in ordered))

    return select


def json_object(*keys: str) -> Callable[[Artifact], Match]:
    """Recognise a JSON object that has all of these keys; a torn one counts as damaged."""

    def detect(artifact: Artifact) -> Match:
        document = artifact.json()
        if isinstance(document.value, dict) and document.complete:
            return Match.YES if all(key in document.value for key in keys) else Match.NO
        return Match.NO if document.complete else Match.DAMAGED

    return detect


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader(Generic[Shape]):
    """Recognises one kind of artifact and turns it into a reading."""

    name: str
    """Also the name of its module and of its fixture folder."""
    kind: str
    """Kind of artifact, as contracts and the inventory name it: `producer.artifact`."""
    summary: str
    select: Selector
    detect: Callable[[Artifact], Match]
    parse: Callable[[Artifact], Shape]
    map: Callable[[Shape, Artifact, PointSink], Reading]
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    """Written key -> meaning; the documentation lists it."""
    owns_files: bool = True
    """False for readers that look at names only and leave the files to others."""
    fallback: bool = False
    """True for readers of no producer's own: they are asked when nobody else knows a file."""
    members: Callable[[Artifact], tuple[Member, ...]] | None = None
    """For an artifact that describes an experiment: the runs in it."""
    data_set: bool = False
    """True where the artifact is data that was trained on: listed and hashed, never copied."""
    shared: bool = False
    """True where one artifact speaks of many runs: beside the runs of an experiment it is read
    for each of them, with `artifact.member` naming the run at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A number that decides, and that the policy may set."""

    default: float
    meaning: str
    """In words, with its unit."""


@dataclass(frozen=True, slots=True)
class Vouch:
    """What a person needs to do a run again, and has where a rule is quiet."""

    what: str
    """In words that fit after "missing:", such as `the commit of the code`."""
    essential: bool
    """Whether the run cannot be done again at all without it."""
    told: bool = True
    """Whether it is worth a word where it is there; false for what most runs do not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One check of the audit, over a run that was read.

    The docstring of its module is its only documentation; it has the headings `What it finds`,
    `Why it matters`, `Example` and `What to do`.
    """

    id: str
    """`RA` and three digits, never given to another rule."""
    name: str
    """Names the fault; its module has the same name with underscores."""
    summary: str
    """One line, for lists."""
    severity: Severity
    """Of its findings, unless a hit says otherwise; the policy may set another."""
    check: Callable[[Case], Iterable[Hit]]
    needs: frozenset[Fact] = frozenset({Fact.RUN})
    """Without these it does not run, and the report says so."""
    codes: frozenset[str] = frozenset()
    """Codes of the problems that it reports; each code belongs to one rule."""
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    vouches: Vouch | None = None
    """What is there for reproducing the run when the rule finds nothing."""
