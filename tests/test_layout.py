"""Names in the archive: safe on every system, distinct, equal to the run's own where possible."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.package import layout

SAFE = re.compile(r"[A-Za-z0-9_@=+,][A-Za-z0-9._@=+,-]*\Z")
DEVICES = {"con", "prn", "aux", "nul", "com1", "com9", "lpt1", "lpt9"}
EVIL = (
    "", ".", "..", "../../etc/passwd", "/etc/passwd", "a/../../b", "CON", "con.txt", "NUL.tar.gz",
    ".hidden", "-rf", "--help", "a" * 5000, "new\nline", "nul\0byte", "\u202eevil", "\x1b[31m",
    "caf\u00e9", "cafe\u0301", "trailing.", "trailing ", "a:b", "a\\b", "~root", "$HOME", "`id`",
    "\ud800", "*?[", "com1", "x" * 79 + "." * 40, "lpt9.log", "\uff0e\uff0e",
)  # fmt: skip


def check_safe(name: str, most: int = layout.MAX_NAME_BYTES) -> None:
    assert SAFE.match(name), name
    assert name.isascii()
    assert len(name) <= most
    assert not name.endswith(".")
    assert name.partition(".")[0].lower() not in DEVICES


@pytest.mark.parametrize("name", EVIL)
def test_evil_names_become_safe(name: str) -> None:
    """Whatever a run calls itself, one path component of plain ASCII comes out."""
    for made in (layout.slug(name), layout.marked(name, "0" * 64), layout.unambiguous(name)):
        check_safe(made)


@given(st.text(max_size=200))
def test_any_name_becomes_safe_and_stays(name: str) -> None:
    """A slug is safe, and a slug's slug is itself."""
    slug = layout.slug(name)
    check_safe(slug, layout.MAX_NAME_BYTES + 1)
    assert layout.slug(slug) == slug


@pytest.mark.parametrize(
    "name", ["v0-20261121-224041", "epoch_4-pure_ce-LRs-2e-4@tiny", "a=b,c+d", "x" * 80, "..a"[2:]]
)
def test_good_names_are_kept(name: str) -> None:
    """A name that is safe already is the archive's name."""
    assert layout.slug(name) == name
    assert layout.unambiguous(name) == name


@given(st.lists(st.text(max_size=30), unique=True, max_size=12))
def test_different_experiments_get_different_directories(names: list[str]) -> None:
    """Altering a name never makes two experiments one."""
    assert len({layout.unambiguous(name) for name in names}) == len(names)


PATHS = st.lists(
    st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=30)
    | st.sampled_from(["..", ".", "CON", "a", "A", "x" * 300]),
    min_size=1,
    max_size=30,
).map("/".join)


@given(st.lists(st.tuples(st.sampled_from(["run", "with-1"]), PATHS), unique=True, max_size=15))
def test_copies_never_meet_nor_leave(pairs: list[tuple[str, str]]) -> None:
    """Each file gets its own safe path below data/, even where case is folded."""
    names = layout.DataNames()
    placed = [names.place(scope, path) for scope, path in pairs]
    assert len({place.casefold() for place in placed}) == len(placed)
    for place in placed:
        assert len(place) <= layout.MAX_PATH_BYTES + 10
        for part in place.split("/"):
            check_safe(part, 120)


def test_a_file_and_a_directory_of_one_safe_name_do_not_meet() -> None:
    """A file `a b` and a directory `a?b` become different names."""
    names = layout.DataNames()
    first, second = names.place("run", "a b"), names.place("run", "a?b/c")
    assert first != second.partition("/")[0]


def test_case_twins_that_are_file_and_directory_do_not_meet() -> None:
    """`Data` as a file and `data/x` cannot both stand on a disk that folds case."""
    names = layout.DataNames()
    first, second = names.place("run", "Data"), names.place("run", "data/x")
    assert first.casefold() != second.partition("/")[0].casefold()


def test_another_tree_has_a_folder_of_its_own() -> None:
    """Copies of a `--with` tree stand apart from those of the run."""
    names = layout.DataNames()
    assert names.place("run", "a.json") == "a.json"
    assert names.place("with-1", "a.json") == "with-1/a.json"


def test_a_folder_called_like_another_tree_is_no_clash() -> None:
    """The run's own `with-1/` is told from the tree of that name."""
    names = layout.DataNames()
    assert names.place("run", "with-1/a") != names.place("with-1", "a")


def test_a_file_called_like_another_tree_is_no_obstacle() -> None:
    """A file `with-1` does not stand in the way of the copies of the tree of that name."""
    names = layout.DataNames()
    placed = [names.place("run", "with-1"), names.place("with-1", "a"), names.place("run", "deep")]
    placed.append(names.place("run", "x" * 70 + "/" + "/".join(["y" * 70] * 12)))
    tops = [place.partition("/") for place in placed]
    assert all(top != "with-1" or not rest for top, _, rest in tops)
    assert all(top != "deep" or not rest for top, _, rest in tops)


def test_a_name_that_foresees_the_altered_one_is_no_obstacle() -> None:
    """A run may hold a folder named just as an unsafe file would be: both are copied."""
    altered = layout.DataNames().place("run", "a b")
    names = layout.DataNames()
    assert names.place("run", f"{altered}/x") == f"{altered}/x"
    assert names.place("run", "a b").partition("/")[0] != altered
