"""Delimited text: RFC 4180, what killed writers leave, and nothing read as something else."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.csv_table import CsvStream
from archiver.limits import DEFAULT

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=6)


def read(*chunks: bytes, limits: dict[str, int] | None = None, **options):
    """The stream, its rows, and the line on which each begins."""
    stream = CsvStream(chunks, replace(DEFAULT, **(limits or {})), **options)
    blocks = list(stream)
    rows = [row for block in blocks for row in block.rows]
    return stream, rows, [at for block in blocks for at in block.numbers]


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=8), st.booleans())
def test_what_a_csv_writer_writes_comes_back(table, crlf):
    """Whatever stands in the cells, quotes, delimiters and line ends among it."""
    text = io.StringIO()
    end = "\r\n" if crlf else "\n"
    csv.writer(text, lineterminator=end).writerows([["a", "b", "c"], *table])
    data = text.getvalue().encode()
    stream, rows, _ = read(*[data[at : at + 5] for at in range(0, len(data), 5)])
    assert stream.header == ("a", "b", "c")
    assert rows == table
    assert (stream.tally.rows, stream.tally.corrupt) == (len(table), 0)


@given(st.binary(max_size=80), st.integers(1, 9))
def test_any_bytes_are_read_and_every_row_fits(junk, size):
    """Nothing raises; a row has a cell for each column; chunks do not matter."""
    data = b'a,b\n1,"2\n' + junk
    stream, rows, places = read(*[data[at : at + size] for at in range(0, len(data), size)])
    assert all(len(row) == len(stream.header) for row in rows)
    assert places == sorted(set(places))
    assert read(data)[1] == rows
    tally = stream.tally
    assert len(rows) in (tally.rows, tally.rows + tally.torn_rows)


def test_a_quoted_cell_may_span_lines():
    """It is given with its line ends; the next row knows its own line."""
    _, rows, places = read(b'a,b\r\n1,"x\r\ny ""z"""\r\n2,w\r\n')
    assert rows == [["1", 'x\r\ny "z"'], ["2", "w"]]
    assert places == [2, 4]


def test_a_quote_that_is_never_closed_swallows_nothing():
    """The rows behind it are read, one by one, and a second one costs no second pass."""
    stream, rows, places = read(b'a,b\n1,"2\n3,4\n5,"6\n7,"8\n9,0\n')
    # The quotes of lines 2 and 4 make no record of two cells: each line stands alone.
    assert rows == [["3", "4"], ["9", "0"]]
    assert places == [3, 6]
    assert stream.tally.bad == 3
    assert stream.tally.flaws.counts["syntax"] >= 3


def test_a_quote_inside_a_plain_cell_is_text():
    """As in `5" disk`; it opens nothing."""
    _, rows, _ = read(b'a,b\n5" disk,1\n3" disk,2\n7,3\n')
    assert rows == [['5" disk', "1"], ['3" disk', "2"], ["7", "3"]]


def test_a_torn_last_line_loses_its_last_cell():
    """`0.33` may be the beginning of `0.3387`; the cells before it are whole."""
    stream, rows, _ = read(b"a,b,c\n1,2,3\n4,5,0.3")
    assert rows == [["1", "2", "3"], ["4", "5", ""]]
    assert (stream.tally.rows, stream.tally.torn_rows, stream.tally.torn_tail) == (1, 1, True)
    assert stream.tally.flaws.counts == {"truncated": 1}


@pytest.mark.parametrize(
    ("tail", "row"),
    [
        (b"4", None),
        (b"4,", ["4", "", ""]),
        (b'4,"x,', ["4", "", ""]),
        (b'4,"x', ["4", "", ""]),
        (b"4,5,6,7", None),
        (b" \r", None),
    ],
)
def test_wherever_the_last_line_is_torn(tail, row):
    """What stands before the cut is used, if anything."""
    _, rows, _ = read(b"a,b,c\n" + tail)
    assert rows == ([row] if row else [])


def test_a_torn_header_has_no_last_column():
    """Nor is it a row."""
    stream, rows, _ = read(b"epoch,st")
    assert stream.header == ("epoch",)
    assert (rows, stream.tally.torn_rows, stream.tally.torn_tail) == ([], 0, True)


def test_rows_of_another_length_give_nothing():
    """Their cells may stand anywhere; the line is told."""
    stream, rows, _ = read(b"a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert rows == [["1", "2"], ["7", "8"]]
    assert (stream.tally.ragged, stream.tally.corrupt) == (2, 2)
    assert [flaw.place for flaw in stream.tally.flaws] == ["L3", "L4"]


def test_blank_lines_are_no_rows():
    """They are counted, and the lines behind them keep their numbers."""
    stream, rows, places = read(b"\n a,b\n\n1,2\n  \r\n3,4\n")
    assert (rows, places) == ([["1", "2"], ["3", "4"]], [4, 6])
    assert stream.tally.blank == 3


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_nothing_is_told(data):
    """An empty file has no header."""
    stream, rows, _ = read(data)
    assert (stream.header, rows) == (None, [])
    assert stream.tally.flaws.counts["empty"] == 1


def test_a_header_alone_is_a_table():
    """Without rows."""
    stream, rows, _ = read(b"a,b\r\n")
    assert (stream.header, rows) == (("a", "b"), [])
    assert "empty" not in stream.tally.flaws.counts


def test_byte_order_marks():
    """That of UTF-8 is left out; UTF-16 is read as it is."""
    assert read(b"\xef\xbb\xbfa,b\n1,2\n")[0].header == ("a", "b")
    stream, rows, _ = read("a,b\né,2\n".encode("utf-16"))
    assert (stream.header, rows) == (("a", "b"), [["é", "2"]])
    assert stream.tally.flaws.counts == {"bad-encoding": 1}


def test_nul_bytes_join_no_cells():
    """A line with a hole is not read: `0.3` and `5` are not `0.35`."""
    stream, rows, _ = read(b"a,b\n1,0.3\0\0\x005\n2,4\n")
    assert rows == [["2", "4"]]
    assert stream.tally.flaws.counts == {"nul-bytes": 1}
    assert stream.tally.bad == 1


def test_bytes_that_are_no_text():
    """They are replaced and their line is told."""
    stream, rows, _ = read(b"a,b\n1,2\nx\xff,3\n")
    assert rows[1] == ["x\ufffd", "3"]
    assert next(iter(stream.tally.flaws)).place == "L3"


def test_lines_that_are_too_long():
    """They are skipped and counted; what follows is read."""
    long = b"a,b\n" + b"9" * 50 + b",1\n3,4\n"
    for size in (7, 100):
        chunks = [long[at : at + size] for at in range(0, len(long), size)]
        stream, rows, _ = read(*chunks, limits={"line_bytes": 20})
        assert ["3", "4"] in rows
    stream, rows, places = read(
        *[long[at : at + 7] for at in range(0, len(long), 7)], limits={"line_bytes": 20}
    )
    assert (rows, places, stream.tally.bad) == ([["3", "4"]], [3], 1)


def test_a_quote_may_hold_no_more_than_a_line():
    """A record that spans lines has the limit of a line."""
    data = b'a,b\n1,"' + b"x\n" * 40 + b'"\n3,4\n'
    stream, rows, _ = read(data, limits={"line_bytes": 30})
    assert rows == [["3", "4"]]
    assert stream.tally.flaws.counts["syntax"] >= 1


def test_too_many_columns():
    """A table of more columns than the limit is not read."""
    stream, rows, _ = read(b"a,b,c\n1,2,3\n", limits={"csv_columns": 2})
    assert (stream.header, rows) == ((), [])
    assert stream.tally.flaws.counts == {"size-limit": 1}


def test_columns_of_the_same_name():
    """Both are given; which ones repeat a name is told."""
    stream, rows, _ = read(b"a,b,a\n1,2,3\n")
    assert (rows, stream.repeated) == ([["1", "2", "3"]], {2})
    assert stream.tally.flaws.counts == {"duplicate-column": 1}


def test_blanks_after_the_delimiter_where_the_writer_puts_them():
    """As nvidia-smi does; without a header the first row says how many columns there are."""
    stream, rows, _ = read(b"0, 41 %, 7\n1, 3 %, 8\n1, 2\n", skip_space=True, has_header=False)
    assert rows == [["0", "41 %", "7"], ["1", "3 %", "8"]]
    assert (stream.header, stream.tally.ragged) == (None, 1)
    assert read(b'a, "b, c"\n1, 2\n', skip_space=True)[0].header == ("a", "b, c")


def test_another_delimiter():
    """Tabs."""
    assert read(b"a\tb\n1,5\t2\n", delimiter="\t")[1] == [["1,5", "2"]]


def test_columns_of_a_block():
    """Cells column by column."""
    stream = CsvStream([b"a,b\n1,2\n3,4\n"], DEFAULT)
    assert [block.columns() for block in stream] == [[("1", "3"), ("2", "4")]]
