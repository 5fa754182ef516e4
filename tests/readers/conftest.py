"""What the tests of all readers share: reading one artifact, and holding it to a description.

A case is `fixtures/readers/<reader>/<case>/`: an `input` directory that is read as a run, and
`expected.json`, which names every artifact that the reader's selection picks and what must come
out of it (and the `member` of an experiment that artifacts are read for, if they speak of many).
Only what a case says is compared, but for four things that hold always: only picked files are
opened, each once; every location is a place in the artifact; no claim names a field that is not
in the registry; the columns of points are equally long.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from archiver import registry
from archiver.artifact import Artifact, Match, Member
from archiver.extension import Reader
from archiver.limits import Limits
from archiver.model.claims import Location
from archiver.model.fields import is_claimable
from archiver.model.points import NO_STEP, Batch
from archiver.model.reading import Reading
from archiver.model.values import Tagged, nonfinite
from archiver.rundir import RunDir

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures" / "readers"
READERS: dict[str, Reader[Any]] = {reader.name: reader for reader in registry.readers()}
PARTS = (
    "artifacts", "checkpoints", "configs", "datasets", "dependencies", "events", "repositories",
    "steps",
)  # fmt: skip
EXACT = ("claims", "problems", "evidence", "extras", "series", "points", "attempts_of")
"""What a case names in full, if at all; of the rest it names what matters."""
HOSTILE = (
    "null", "true", "false", "0", "-1", "9223372036854775808", "1" + "0" * 400, "1.5", "-0.0",
    "NaN", "-Infinity", '""', '"text"', '"a/b~c"', '"\\u0000\\u202e"', '"5/0"',
    f'"{"9" * 30}"', "[]", "[null]", "[[]]", '["a", 1]', "{}", '{"": null}',
    '{"a/b~c": [{"": 1}]}',
)  # fmt: skip
"""JSON that a producer never writes where its readers look."""
RENAMED = ("a/b", "~1", "", "eval/a", "loss")


@dataclass(frozen=True)
class Outcome:
    """What a reader made of one artifact."""

    artifact: Artifact
    match: str
    reading: Reading
    batches: list[Batch]
    opened: tuple[str, ...]

    @property
    def codes(self) -> list[str]:
        """Codes of the problems."""
        return [problem.code for problem in self.reading.problems]

    @property
    def kinds(self) -> list[str]:
        """Kinds of the evidence."""
        return [item.kind.value for item in self.reading.evidence]

    @property
    def claims(self) -> dict[str, Any]:
        """Field -> value; of several claims the most trusted one's."""
        ranked = sorted(self.reading.claims, key=lambda claim: claim.trust)
        return {claim.field: claim.value for claim in ranked}

    @property
    def marks(self) -> tuple[Any, ...]:
        """The attempts that were told apart."""
        return tuple(mark for trail in self.reading.attempts for mark in trail.marks)

    def points(self, key: str, split: str | None = "train") -> list[list[Any]]:
        """Step and value of each point of a series, in the order in which they came."""
        found = []
        for batch in self._of(key, split):
            for step, value in zip(batch.steps, batch.values, strict=True):
                found.append([None if step == NO_STEP else step, plain(value)])
        return found

    def attempts_of(self, key: str, split: str | None = "train") -> list[int]:
        """Attempt of each point of a series."""
        return [batch.attempt for batch in self._of(key, split) for _ in batch.steps]

    def series(self) -> set[str]:
        """Names of the series, as cases spell them."""
        return {f"{b.spec.key}|{b.spec.split or ''}" for b in self.batches}

    def _of(self, key: str, split: str | None) -> list[Batch]:
        return [b for b in self.batches if (b.spec.key, b.spec.split) == (key, split)]


@dataclass
class Sink:
    """A sink that keeps what it is given."""

    batches: list[Batch] = dataclasses.field(default_factory=list)

    def add(self, batch: Batch) -> None:
        """Take a batch."""
        self.batches.append(batch)


class Bench:
    """Reads directories with one reader, without the rest of the program."""

    def read(
        self,
        name: str,
        directory: Path,
        member: str | None = None,
        limits: Limits | None = None,
    ) -> dict[str, Outcome]:
        """Path -> outcome, of everything that the reader's selection picks.

        `member` is the run of an experiment that artifacts beside its runs are read for.
        """
        run_at_hand = Member(member, (member,)) if member else None
        reader, limits = READERS[name], limits or Limits()
        outcomes: dict[str, Outcome] = {}
        with RunDir(directory, "run", limits) as run:
            tree = run.walk()
            for selection in reader.select(tree):
                before = len(run.opened)
                artifact = Artifact(run, tree, selection.files, selection.path, limits, run_at_hand)
                try:
                    match = reader.detect(artifact)
                    sink, reading = Sink(), Reading()
                    if match is not Match.NO:
                        reading = reader.map(reader.parse(artifact), artifact, sink)
                    opened = tuple(run.opened[before:])
                    outcome = Outcome(artifact, match.value, reading, sink.batches, opened)
                    check_invariants(outcome, directory)
                    outcomes[selection.path] = outcome
                finally:
                    artifact.close()
        return outcomes

    def input(self, name: str, case: str = "clean") -> Path:
        """The run directory of a case."""
        return CASES / name / case / "input"

    def write(self, directory: Path, files: Mapping[str, bytes | str]) -> None:
        """Make the files of a run."""
        for path, content in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)

    def check(self, name: str, case: Path) -> None:
        """Hold a case to its description."""
        description = json.loads((case / "expected.json").read_text("utf-8"))
        expected = description["artifacts"]
        outcomes = self.read(name, case / "input", description.get("member"))
        assert set(outcomes) == set(expected)
        for path, wanted in expected.items():
            compare(outcomes[path], wanted)

    def survives(self, data: st.DataObject, name: str) -> None:
        """Read the reader's clean case with some values of other types."""
        files = clean(name)
        path = data.draw(st.sampled_from([p for p in files if p.endswith((".json", ".jsonl"))]))
        if path.endswith(".jsonl"):
            lines = files[path].decode().splitlines()
            index = data.draw(st.integers(0, len(lines) - 1))
            lines[index] = json.dumps(mutated(data, json.loads(lines[index])))
            files[path] = "\n".join(lines).encode()
        else:
            files[path] = json.dumps(mutated(data, json.loads(files[path]))).encode()
        self._read_files(name, files)

    def survives_damage(self, data: st.DataObject, name: str) -> None:
        """Read the reader's clean case with bytes cut out, overwritten or put in."""
        files = clean(name)
        path = data.draw(st.sampled_from(sorted(files)))
        content = files[path]
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.sampled_from([start, start + 1, start + 40, len(content)]))
        put = data.draw(
            st.sampled_from([b"", b"\0", b"\xff", b"[" * 300, b"\n", b'"', b"9" * 5000])
        )
        files[path] = content[:start] + put + content[end:]
        self._read_files(name, files)

    def _read_files(self, name: str, files: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as place:
            self.write(Path(place), files)
            self.read(name, Path(place))


def clean(name: str) -> dict[str, bytes]:
    """The files of a reader's clean case."""
    home = Bench().input(name)
    found = sorted(path for path in home.rglob("*") if path.is_file())
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in found}


def mutated(data: st.DataObject, document: Any) -> Any:
    """The document with one to three places replaced, or a key renamed."""
    document = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        holders = list(containers(document))
        if not holders:
            return document
        holder = holders[data.draw(st.integers(0, len(holders) - 1))]
        places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        place = places[data.draw(st.integers(0, len(places) - 1))]
        if isinstance(holder, dict) and data.draw(st.integers(0, 5)) == 0:
            holder[data.draw(st.sampled_from(RENAMED))] = holder.pop(place)
        else:
            holder[place] = json.loads(data.draw(st.sampled_from(HOSTILE)))
    return document


def containers(value: Any) -> Iterator[Any]:
    """Every list and object of a document that holds something."""
    if isinstance(value, dict | list) and value:
        yield value
        for item in value.values() if isinstance(value, dict) else value[:50]:
            yield from containers(item)


def check_invariants(outcome: Outcome, directory: Path) -> None:
    """What holds whatever a file contains."""
    files = {entry.path for entry in outcome.artifact.files}
    assert set(outcome.opened) <= files
    assert len(outcome.opened) == len(set(outcome.opened))
    assert [c.field for c in outcome.reading.claims if not is_claimable(c.field)] == []
    for location in locations(outcome.reading):
        assert location.path in {*files, outcome.artifact.path}
        assert location.scope == "run"
        check_place(location, outcome, directory)
    for batch in outcome.batches:
        assert batch.path in files
        columns = (batch.steps, batch.values, batch.epochs, batch.times)
        assert {len(column) for column in columns if column is not None} == {len(batch.steps)}
    books = outcome.reading.accounting
    if books is not None:
        assert books.kind == READERS_BY_KIND[books.kind].kind
        assert books.path == outcome.artifact.path
        assert books.bytes == sum((directory / path).stat().st_size for path in files)
        assert min(books.read, books.dropped, books.corrupt) >= 0


READERS_BY_KIND = {reader.kind: reader for reader in READERS.values()}


def check_place(location: Location, outcome: Outcome, directory: Path) -> None:
    """A JSON pointer leads to something, a line exists, a byte lies in the file."""
    target = directory / location.path
    if location.place.startswith("/"):
        document: Any = outcome.artifact.json()
        if not outcome.artifact.name.endswith(".json") or not document.complete:
            return
        value = document.value
        for part in location.place[1:].split("/"):
            step = part.replace("~1", "/").replace("~0", "~")
            value = value[int(step)] if isinstance(value, list) else value[step]
    elif location.place.startswith("L"):
        line = int(location.place[1:].replace(":", "-").split("-")[0])
        # libyaml places the end of a torn document on the line after its last one
        after = 2 if location.path.endswith(".yaml") else 1
        assert 1 <= line <= target.read_bytes().count(b"\n") + after
    elif location.place.startswith("byte "):
        assert 0 <= int(location.place[5:]) <= target.stat().st_size


def locations(value: Any) -> Iterator[Location]:
    """Every location in a reading."""
    if isinstance(value, Location):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, Tagged):
        for item in dataclasses.fields(value):
            yield from locations(getattr(value, item.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from locations(item)


def compare(outcome: Outcome, wanted: Mapping[str, Any]) -> None:
    """One artifact against its description."""
    reading = outcome.reading
    found = {
        "match": outcome.match,
        "claims": plain(outcome.claims),
        "problems": sorted(outcome.codes),
        "evidence": outcome.kinds,
        "accounting": plain(reading.accounting),
        "extras": plain(reading.extras),
        "series": sorted(outcome.series()),
        "points": {name: outcome.points(*named(name)) for name in wanted.get("points", ())},
        "attempts_of": {
            name: outcome.attempts_of(*named(name)) for name in wanted.get("attempts_of", ())
        },
        "attempts": plain(outcome.marks),
        **{part: plain(getattr(reading, part)) for part in PARTS},
    }
    assert wanted["match"] == outcome.match
    assert set(wanted) <= set(found)
    if outcome.match == "no":
        assert set(wanted) == {"match"}
    for key, value in wanted.items():
        if key in EXACT:
            assert found[key] == value, key
        else:
            check_subset(found[key], value)


def named(name: str) -> tuple[str, str | None]:
    """Key and split of a series as cases spell it."""
    key, _, split = name.rpartition("|")
    return key, split or None


def check_subset(found: Any, wanted: Any) -> None:
    """Objects hold what is wanted, everything else is equal."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            assert key in found
            check_subset(found[key], value)
    elif isinstance(wanted, list) and isinstance(found, list):
        assert len(found) == len(wanted), found
        for item, want in zip(found, wanted, strict=True):
            check_subset(item, want)
    elif isinstance(wanted, bool) or wanted is None:
        assert found is wanted
    else:
        assert found == wanted


def plain(value: Any) -> Any:
    """A value as JSON would spell it; numbers beyond strict JSON as text."""
    if isinstance(value, Location):
        return str(value)
    if isinstance(value, Tagged):
        return f"{value.type}: {value.value}"
    if dataclasses.is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return nonfinite(value)
    return value


def reader_of(module: str) -> str:
    """The reader that a test module is about."""
    return module.rpartition(".")[2].removeprefix("test_")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the parameter `case` runs once per case of its reader."""
    if "case" in metafunc.fixturenames:
        home = CASES / reader_of(metafunc.module.__name__)
        cases = sorted(path for path in home.iterdir() if path.is_dir())
        metafunc.parametrize("case", cases, ids=[path.name for path in cases])


@pytest.fixture(scope="session")
def bench() -> Bench:
    """Reads directories with one reader."""
    return Bench()


@pytest.fixture
def read(
    bench: Bench, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., dict[str, Outcome]]:
    """Write files and read them with the module's reader: path -> outcome."""

    def call(files: Mapping[str, bytes | str], member: str | None = None) -> dict[str, Outcome]:
        bench.write(tmp_path, files)
        return bench.read(reader_of(request.module.__name__), tmp_path, member)

    return call


@pytest.fixture
def read_one(
    read: Callable[..., dict[str, Outcome]],
) -> Callable[..., Outcome]:
    """Write one file, JSON if it is neither text nor bytes, and give its outcome."""

    def call(path: str, content: Any, member: str | None = None) -> Outcome:
        if not isinstance(content, str | bytes):
            content = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        return read({path: content}, member)[path]

    return call
