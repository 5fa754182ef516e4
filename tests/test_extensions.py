"""Extensions of others are found by what their distributions say, and cost nothing without."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from archiver import registry, resources
from archiver.errors import ArchiverError

ROOT = Path(__file__).resolve().parent.parent
MODULE = """
from archiver.extension import Match, Reader, Reading, files

READER = Reader(
    name="{name}", kind="added.kind", summary="One that another distribution adds",
    select=files("added.json"), detect=lambda artifact: Match.NO,
    parse=lambda artifact: None, map=lambda found, artifact, points: Reading(),
)
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory at the head of the path; what was found before is forgotten, and after."""
    monkeypatch.syspath_prepend(str(tmp_path))
    cached = (resources.extension_groups, registry.readers)
    for function in cached:
        function.cache_clear()
    yield tmp_path
    for function in cached:
        function.cache_clear()
    sys.modules.pop("added_reader", None)


def install(site: Path, name: str, metadata: str = "added-1.0.dist-info") -> None:
    """A distribution that adds one reader."""
    home = site / metadata
    home.mkdir()
    for file in ("METADATA", "PKG-INFO"):
        (home / file).write_text("Metadata-Version: 2.1\nName: added\nVersion: 1.0\n")
    (home / "entry_points.txt").write_text("[runarchive.readers]\nadded = added_reader:READER\n")
    (site / "added_reader.py").write_text(MODULE.format(name=name))


@pytest.mark.parametrize("metadata", ["added-1.0.dist-info", "added.egg-info"])
def test_reader_of_a_distribution_is_found(site: Path, metadata: str) -> None:
    """A reader that an installed distribution names is one of the readers."""
    install(site, "added", metadata)
    assert resources.extension_groups() == {"runarchive.readers"}
    assert "added" in [reader.name for reader in registry.readers()]


def test_name_that_is_taken_is_refused(site: Path) -> None:
    """A reader with the name of another is an error that says what to do."""
    install(site, "lockfile")
    with pytest.raises(ArchiverError, match="added_reader:READER: is no Reader of a name of its"):
        registry.readers()


def test_lists_of_others_offer_nothing(site: Path) -> None:
    """Groups of other programs, lists that are no text and missing ones count for nothing."""
    for name, data in {"a": b"[console_scripts]\nx = y:z\n", "b": b"\xff\xfe", "c": None}.items():
        (site / f"{name}-1.dist-info").mkdir()
        if data is not None:
            (site / f"{name}-1.dist-info" / "entry_points.txt").write_bytes(data)
    assert resources.extension_groups() == frozenset()


def test_archive_on_the_path_is_left_to_importlib(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in an archive is not looked into here, so nothing is said of it."""
    with ZipFile(site / "more.zip", "w") as archive:
        archive.writestr("added-1.0.dist-info/entry_points.txt", "[runarchive.readers]\n")
    monkeypatch.syspath_prepend(str(site / "more.zip"))
    assert resources.extension_groups() is None


@pytest.mark.usefixtures("site")
def test_finder_of_another_kind_is_left_to_importlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Distributions that only a finder of its own knows are not looked for here."""

    class Finder:
        def find_distributions(self) -> None:
            """What `importlib.metadata` asks for."""

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert resources.extension_groups() is None


def test_readers_load_nothing_that_none_of_them_needs_yet() -> None:
    """Listing the readers loads neither the means to find extensions nor parsers of formats."""
    code = (
        "import sys\nfrom archiver import registry\nassert registry.readers()\n"
        "print(*sorted({'importlib.metadata', 'yaml', 'google_crc32c'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
