"""SLURM scripts as text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.batch_script import ShellLine, command, parse


def directives(*lines: str) -> dict[str, list[str]]:
    """Directives of a script with these lines."""
    return parse("\n".join(lines).encode()).directives


def test_spellings_of_options() -> None:
    """Long with and without `=`, short with and without a blank, several on a line, switches."""
    assert directives(
        "#SBATCH --time=1:00", "#SBATCH --mem 80G", "#SBATCH -N 2 -J name", "#SBATCH -t5",
        "#SBATCH --exclusive", '#SBATCH --comment="a # b" # c',
    ) == {
        "time": ["1:00", "5"], "mem": ["80G"], "nodes": ["2"], "job-name": ["name"],
        "exclusive": [""], "comment": ["a # b"],
    }  # fmt: skip


def test_what_is_no_directive() -> None:
    """Comments, a longer word, one after the first command."""
    script = parse(b"##SBATCH --a=1\n#SBATCHX --b=2\n# SBATCH --c=3\nhostname\n#SBATCH --d=4\n")
    assert script.directives == {}
    assert script.flaws.counts == {"late-directive": 1}


def test_continued_lines_are_one() -> None:
    """Their line is the first one's."""
    (line,) = parse(b"\na \\\n  b \\\n  c\n").commands
    assert (line.line, line.words) == (2, ("a", "b", "c"))


def test_continuation_at_the_end() -> None:
    """Nothing follows, and nothing is lost."""
    assert [line.text for line in parse(b"a \\").commands] == ["a"]


def test_windows_line_ends_and_mark() -> None:
    """As an editor may leave them."""
    script = parse(b"\xef\xbb\xbf#SBATCH --nodes=1\r\ntune run\r\n")
    assert script.last("nodes") == "1"
    assert script.commands[0].words == ("tune", "run")


def test_quotes_that_do_not_match() -> None:
    """The line is kept, its words are not guessed."""
    script = parse(b"echo 'a\n")
    assert [(line.text, line.words) for line in script.commands] == [("echo 'a", ())]
    assert script.flaws.counts == {"bad-quotes": 1}


def test_command_inside_a_line() -> None:
    """Behind a wrapper, up to what separates it."""
    line = ShellLine(1, "", ("time", "tune", "run", "x", "2>&1", "|", "tee"))
    assert command(line, "tune", "run") == ("tune", "run", "x")
    assert command(line, "inspect", "eval") == ()


@given(st.binary())
def test_any_bytes_are_read(data: bytes) -> None:
    """Nothing raises."""
    parse(data)


@given(
    st.lists(
        st.sampled_from(
            ["#SBATCH ", "-", "=", "'", '"', "\\", "\n", "<<EOF", "EOF", "a", " ", "<A>"]
        )
    ).map("".join)
)
def test_any_script_is_read(text: str) -> None:
    """Nothing raises, and lines are numbered from the file's beginning."""
    lines = [line.line for line in parse(text.encode()).commands]
    assert lines == sorted(lines)
