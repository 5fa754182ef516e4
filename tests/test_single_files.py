"""A single file is read as if all readers had been asked, though only the likely ones are."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from archiver import assemble, registry
from archiver.limits import DEFAULT
from archiver.rundir import RunDir
from archiver.schemacheck import index
from archiver.workflows import sources
from archiver.workflows.audits import Audits
from archiver.workflows.options import ValidateOptions
from archiver.workflows.progress import silent
from archiver.workflows.sources import Readings, ReadOptions, Source
from tests.conftest import FIXTURE_RUNS, ROOT

if TYPE_CHECKING:
    from archiver.extension import Reader

READERS = sorted(path for path in (ROOT / "fixtures" / "readers").iterdir() if path.is_dir())
FOLDERS = [*READERS, *FIXTURE_RUNS]


def read(path: Path, readers: tuple[Reader[Any], ...]) -> Readings:
    """One file by itself, as these readers read it."""
    with RunDir(path.parent, "run", DEFAULT) as home, ExitStack() as held:
        placement = assemble.Placement(path.name, path.name, None)
        source = Source(home, home.only(path.name), placement)
        return sources.read(source, ReadOptions(readers=readers), silent, held)


def files(folder: Path) -> list[Path]:
    """The files of one fixture that have likely readers."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in found if not path.is_symlink() and sources.likely(path.name)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: "-".join(path.parts[-2:]))
def test_what_likely_readers_recognise_is_what_all_readers_make_of_it(folder: Path) -> None:
    """For every file of every fixture: another reader would not have taken it first."""
    for path in files(folder):
        likely = read(path, sources.likely(path.name)).collected
        if likely.readings and not likely.doubtful:
            every = read(path, registry.readers()).collected
            # As text: a value that is no number is not equal to itself.
            assert repr(likely.readings) == repr(every.readings), path
            assert likely.problems == every.problems
            assert likely.files == every.files


def test_every_kind_with_a_schema_is_found_by_its_name() -> None:
    """The reader of each kind that a schema speaks of lies in a module that is called like it."""
    kinds = {one.described.kind for one in index.schemas() if one.described}
    by_kind = {reader.kind: reader for reader in registry.readers()}
    assert {kind: registry.reader_of(kind) for kind in kinds} == {
        kind: by_kind[kind] for kind in kinds
    }


@pytest.mark.parametrize("kind", ["", "coordexp", "coordexp.nothing", "nobody.config", "a.b.c"])
def test_a_kind_that_nobody_reads_has_no_reader(kind: str) -> None:
    """No module is taken for the reader of a kind that it does not read."""
    assert registry.reader_of(kind) is None


def test_kinds_go_by_the_names_of_files() -> None:
    """Plain names and patterns are looked up; of what no schema speaks, there is nothing."""
    assert index.kinds_of("run_metadata.json") == ("coordexp.run_metadata",)
    assert index.kinds_of("train_heartbeat.rank0.jsonl") == ("coordexp.heartbeat",)
    assert index.kinds_of("some.json") == ("megatron.golden",)
    assert index.kinds_of("notes.txt") == ()


def test_where_extensions_may_know_better_all_readers_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An installed reader of somebody else's is never passed over."""
    assert [one.name for one in sources.likely("run_metadata.json")] == ["coordexp_run_metadata"]
    monkeypatch.setattr(registry, "offers", lambda package: package == "readers")
    assert sources.likely("run_metadata.json") == ()


def test_a_damaged_file_goes_to_all_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a likely reader takes for its name alone may be somebody else's."""
    asked: list[object] = []
    real = sources.read

    def noted(source: Source, options: ReadOptions, *rest: Any) -> Readings:
        asked.append(options.readers)
        return real(source, options, *rest)

    monkeypatch.setattr(sources, "read", noted)
    (tmp_path / "run_metadata.json").write_text('{"torn": ', "utf-8")
    found, _ = Audits(ValidateOptions()).artifact(tmp_path / "run_metadata.json")
    assert [finding.name for finding in found.findings] == ["truncated-artifact"]
    assert asked == [sources.likely("run_metadata.json"), None]
