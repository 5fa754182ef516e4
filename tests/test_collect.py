"""One run's files, read one by one: what becomes of each, whatever happens to it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archiver import extension, registry
from archiver.artifact import Artifact, Member
from archiver.collect import Collected, Collector, Policy
from archiver.limits import DEFAULT, Limits
from archiver.model.reading import Reading
from archiver.model.record import Accounting
from archiver.rundir import RunDir, Tree
from archiver.snapshots import SnapshotStore
from archiver.spool import PointSpool

Between = Callable[[Path], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path / "run"
    directory.mkdir()
    return directory


_stores: list[SnapshotStore] = []


def store(limits: Limits) -> SnapshotStore:
    _stores.append(SnapshotStore(limits))
    return _stores[-1]


@pytest.fixture(autouse=True)
def _close_stores() -> Iterator[None]:
    yield
    while _stores:
        _stores.pop().close()


def read_all(
    root: Path,
    between: Between = lambda _root: None,
    *,
    policy: Policy | None = None,
    limits: Limits = DEFAULT,
    readers: Any = None,
) -> tuple[Collected, SnapshotStore]:
    """Walk, let something happen, then read."""
    snapshots, into = store(limits), Collected()
    with RunDir(root, "run", limits) as run:
        tree: Tree = run.walk()
        between(root)
        Collector(
            registry.readers() if readers is None else readers,
            limits,
            policy or Policy(copy="all"),
            PointSpool(limits),
            snapshots,
        ).collect(run, tree, into)
    return into, snapshots


def codes(collected: Collected) -> list[tuple[str, str]]:
    found = [*collected.problems, *collected.all("problems")]
    return [(problem.code, problem.at.path) for problem in found]


def test_a_growing_file_is_one_coherent_copy(root: Path) -> None:
    """Size, digest and copy are of the same bytes, and the change is a problem, not a failure."""
    (root / "a.txt").write_text("first")

    def grow(root: Path) -> None:
        with (root / "a.txt").open("a") as file:
            file.write(" second")

    collected, snapshots = read_all(root, grow)
    (entry,) = collected.files
    copy = snapshots.get("run", "a.txt")
    assert copy == b"first second"
    assert (entry.bytes, entry.sha256) == (len(copy), hashlib.sha256(copy).hexdigest())
    assert codes(collected) == [("changed-while-reading", "a.txt")]
    assert collected.refused == 0


def test_a_change_is_told_even_where_nothing_is_kept(root: Path) -> None:
    """An artifact that is only parsed, not hashed nor copied, is watched all the same."""
    (root / "trainer_state.json").write_text('{"log_history": [], "global_step": 1}')
    policy = Policy(copy="none", hash="none")

    def rewrite(root: Path) -> None:
        (root / "trainer_state.json").write_text('{"log_history": [], "global_step": 12345}')

    collected, _ = read_all(root, rewrite, policy=policy)
    assert ("changed-while-reading", "trainer_state.json") in codes(collected)


def test_a_file_that_outgrows_the_copy_limit_is_not_copied(root: Path) -> None:
    """The limit holds for what is read, not for what the walk had seen."""
    (root / "a.txt").write_text("x")
    policy = Policy(copy="all", max_copy_bytes=10)
    collected, snapshots = read_all(
        root, lambda root: (root / "a.txt").write_text("x" * 11), policy=policy
    )
    assert snapshots.get("run", "a.txt") is None
    assert collected.files[0].reason == "larger than the copy limit"


@pytest.mark.parametrize("name", ["notes.txt", "trainer_state.json"])
@pytest.mark.parametrize("fate", ["gone", "directory", "link", "fifo"])
def test_what_happens_to_a_file_is_named_and_the_rest_is_read(
    root: Path, tmp_path: Path, fate: str, name: str
) -> None:
    """Vanished or swapped between walk and open: one problem, everything healthy is read."""
    (tmp_path / "secret").write_text('{"log_history": [], "global_step": 666}')
    for other in (name, "z.txt", "sub/trainer_state.json"):
        (root / other).parent.mkdir(exist_ok=True)
        (root / other).write_text('{"log_history": [], "global_step": 1}')

    def happen(root: Path) -> None:
        (root / name).unlink()
        if fate == "directory":
            (root / name).mkdir()
        elif fate == "link":
            (root / name).symlink_to(tmp_path / "secret")
        elif fate == "fifo":
            os.mkfifo(root / name)

    collected, snapshots = read_all(root, happen)
    assert [item for item in codes(collected) if item[0] == "unreadable"] == [("unreadable", name)]
    assert collected.refused == 1
    assert snapshots.get("run", name) is None
    listed = {entry.path: entry for entry in collected.files}
    assert sorted(listed) == sorted([name, "sub/trainer_state.json", "z.txt"])
    assert len(collected.files) == 3
    assert (listed[name].reason or "").startswith("unreadable: ")
    assert listed["z.txt"].sha256
    assert listed["sub/trainer_state.json"].kind == "hf.trainer_state"


def test_a_directory_that_cannot_be_entered_counts_as_refused(root: Path) -> None:
    """What hides behind it was not seen: a problem, an inventory line, and exit 1 later."""
    (root / "d").mkdir()
    with RunDir(root, "run", DEFAULT) as run:
        tree = run.walk()
        (broken,) = [replace(e, type="directory", fault="Permission denied") for e in [_entry(run)]]
        into = Collected()
        collector = Collector((), DEFAULT, Policy(), PointSpool(DEFAULT), store(DEFAULT))
        collector.collect(run, Tree((*tree.entries, broken)), into)
    assert into.refused == 1
    assert codes(into) == [("unlisted", "probe")]
    assert into.files[0].reason == "Permission denied"


def _entry(run: RunDir) -> Any:
    (run.root / "probe").touch()
    return run.walk().by_path["probe"]


def test_a_limit_is_a_problem_but_nobody_was_refused(root: Path) -> None:
    """Too deep, too many: named in the record; the system refused nothing."""
    deep = root / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "f").touch()
    collected, _ = read_all(root, limits=replace(DEFAULT, tree_depth=1))
    assert codes(collected) == [("unlisted", "a/b")]
    (root / "g").touch()
    shutil.rmtree(root / "a")
    (root / "h").touch()
    collected, _ = read_all(root, limits=replace(DEFAULT, files=1))
    assert codes(collected) == [("too-many-files", "")]
    assert collected.refused == 0


def test_links_and_special_files_are_listed_with_their_reason(root: Path) -> None:
    """They stand in the inventory, unopened, the target of a link as text."""
    (root / "link").symlink_to("../../etc/passwd")
    os.mkfifo(root / "pipe.log")
    collected, _ = read_all(root)
    assert [(entry.path, entry.type, entry.target, entry.reason) for entry in collected.files] == [
        ("link", "symlink", "../../etc/passwd", "symlink, not opened"),
        ("pipe.log", "fifo", None, "fifo, not opened"),
    ]


@pytest.mark.parametrize("where", ["detect", "parse", "map"])
@pytest.mark.parametrize("crash", [ValueError("boom"), RecursionError(), MemoryError()])
def test_a_reader_that_crashes_costs_its_artifact_only(
    root: Path, where: str, crash: Exception
) -> None:
    """Wherever a reader fails, the file is listed, the crash named, the others still read."""

    def fail(*_: object) -> Any:
        raise crash

    works: dict[str, Any] = {
        "detect": lambda _artifact: extension.Match.YES,
        "parse": lambda artifact: artifact.data(),
        "map": lambda _shape, _artifact, _sink: Reading(),
    }
    bad = extension.Reader(
        name="a_bad", kind="bad.kind", summary="", select=extension.files("x.bad"),
        **{**works, where: fail},
    )  # fmt: skip
    (root / "x.bad").write_text("x")
    (root / "trainer_state.json").write_text('{"log_history": [], "global_step": 1}')
    collected, snapshots = read_all(root, readers=[bad, *registry.readers()])
    crashes = [item for item in codes(collected) if item[0] == "reader-crash"]
    assert crashes == [("reader-crash", "x.bad")]
    assert {entry.path for entry in collected.files} == {"x.bad", "trainer_state.json"}
    assert snapshots.get("run", "x.bad") == b"x"
    assert "hf.trainer_state" in collected.kinds
    assert collected.refused == 0


def test_a_sparse_tebibyte_is_not_read_for_nothing(root: Path) -> None:
    """With `--hash artifacts` a huge file of no known kind is listed, never opened."""
    with (root / "core.dump").open("wb") as file:
        file.truncate(1 << 40)
    collected, _ = read_all(root, policy=Policy(copy="artifacts", hash="artifacts"))
    (entry,) = collected.files
    assert (entry.bytes, entry.sha256) == (1 << 40, None)
    assert entry.reason == "larger than the copy limit"


def states(root: Path) -> Iterator[tuple[str, int, int, int, int]]:
    for path in sorted([root, *root.rglob("*")]):
        status = path.lstat()
        yield (
            str(path), status.st_mode, status.st_mtime_ns, status.st_ctime_ns, status.st_nlink,
        )  # fmt: skip


def test_the_source_is_untouched(tmp_path: Path, cli: Callable[..., Any]) -> None:
    """Mode, mtime and ctime of every file and directory are the same after a collection."""
    source = Path(__file__).resolve().parent.parent / "fixtures" / "runs" / "coordexp-killed"
    run = tmp_path / "run"
    shutil.copytree(source / "input", run)
    (run / "link").symlink_to("nowhere")
    (run / "read-only").mkdir(mode=0o555)
    before = list(states(run))
    assert cli("collect", run, "-o", tmp_path / "a", "--copy", "all").code == 0
    assert list(states(run)) == before


def noted(artifact: Artifact) -> Reading:
    """What the file says of the run at hand, as a reader of shared artifacts would tell it."""
    name = artifact.member.name if artifact.member else None
    return Reading(
        extras={"of": name},
        accounting=Accounting(artifact.path, "test.shared", artifact.size, read=1),
    )


SHARED = extension.Reader(
    name="shared",
    kind="test.shared",
    summary="speaks of many runs",
    select=extension.files("*.log"),
    detect=lambda _artifact: extension.Match.YES,
    parse=lambda _artifact: None,
    map=lambda _shape, artifact, _points: noted(artifact),
    shared=True,
)


def test_what_speaks_of_many_runs_is_read_for_each(root):
    """Beside the runs only shared artifacts in reach are read; all else is listed."""
    for path in ("exp/logs/jobs.log", "project.log", "far/logs/jobs.log", "exp/logging.jsonl"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text('{"loss": 1.0, "global_step/max_steps": "1/2"}\n')
    into = Collected()
    snapshots = store(DEFAULT)
    spool = PointSpool(DEFAULT)
    with RunDir(root, "experiment", DEFAULT) as run:
        Collector([*registry.readers(), SHARED], DEFAULT, Policy(), spool, snapshots).collect(
            run, run.walk(), into, Member("a", ("exp/a",), "exp")
        )
    assert [item.accounting.path for item in into.readings] == ["exp/logs/jobs.log", "project.log"]
    assert [item.extras for item in into.readings] == [{"of": "a"}, {"of": "a"}]
    assert [(entry.path, entry.kind) for entry in into.files] == [
        ("exp/logging.jsonl", None),
        ("exp/logs/jobs.log", "test.shared"),
        ("far/logs/jobs.log", None),
        ("project.log", "test.shared"),
    ]


def test_a_fallback_is_asked_last(root):
    """A reader of no producer's own gets what nobody else knows, whatever its name."""
    (root / "logging.jsonl").write_text('{"loss": 1.0, "global_step/max_steps": "1/2"}\n')
    (root / "other.jsonl").write_text("{}\n")
    generic = replace(
        SHARED, name="a_first", select=extension.files("*.jsonl"), fallback=True, kind="test.any"
    )
    into, _ = read_all(root, readers=[generic, *registry.readers()])
    assert {entry.path: entry.kind for entry in into.files} == {
        "logging.jsonl": "ms_swift.logging",
        "other.jsonl": "test.any",
    }


def test_training_data_is_never_copied(root):
    """It is listed and hashed like everything else."""
    (root / "data.log").write_text("{}\n")
    reader = replace(SHARED, data_set=True, kind="test.data")
    into, snapshots = read_all(root, readers=[reader])
    (entry,) = into.files
    assert (entry.kind, entry.reason, entry.sha256 is not None) == (
        "test.data",
        "training data",
        True,
    )
    assert snapshots.get("run", "data.log") is None


def test_attempts_without_end_are_bounded(root: Path) -> None:
    """Steps that go back and forth look like restarts; those over the limit are told of."""
    steps = "".join(f"Step {n} | loss:{n}.5 lr:0.01 \n" for _ in range(300) for n in (1, 2))
    (root / "log_1795301172.txt").write_text(steps)
    collected, _ = read_all(root, limits=replace(DEFAULT, attempts=10))
    (trail,) = collected.all("attempts")
    assert len(trail.marks) == 10
    assert ("attempts-limit", "log_1795301172.txt") in codes(collected)
