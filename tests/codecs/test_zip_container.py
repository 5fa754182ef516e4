"""ZIP containers: every method that evals and checkpoints use, and what is left of torn ones."""

from __future__ import annotations

import io
import random
import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.zip_container import ZipContainer
from archiver.limits import Limits

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"loss 3.25 | " * 40
ALL = 1 << 20


def zipped(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A container as the standard library writes it to a file that can seek."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about repeated names
        with zipfile.ZipFile(out, "w", method) as file:
            for name, data in members:
                file.writestr(name, data)
    return out.getvalue()


class _Unseekable(io.RawIOBase):
    """A pipe: sizes can only follow the bytes."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(data)  # type: ignore[arg-type]


def streamed(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A container written to a pipe."""
    out = _Unseekable()
    with zipfile.ZipFile(out, "w", method) as file:  # type: ignore[arg-type]
        for name, data in members:
            file.writestr(name, data)
    return out.data


def by_hand(name: bytes, packed: bytes, data: bytes, method: int, flags: int = 0) -> bytes:
    """A container of one member, put together field by field."""
    sizes = struct.pack("<3L", zlib.crc32(data), len(packed), len(data))
    both = struct.pack("<5H", 20, flags, method, 0, 33)
    local = b"PK\3\4" + both + sizes + struct.pack("<2H", len(name), 0) + name + packed
    lengths = struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, 0)
    central = b"PK\1\2" + struct.pack("<H", 20) + both + sizes + lengths + name
    end = struct.pack("<4H2LH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + b"PK\5\6" + end


def opened(data: bytes, limits: Limits | None = None) -> ZipContainer:
    """A container held in memory."""
    return ZipContainer.open(
        lambda at, size: data[at : at + size] if at >= 0 else b"", len(data), limits or Limits()
    )


def codes(container: ZipContainer) -> list[str]:
    """Codes of the flaws met so far."""
    return sorted(container.flaws.counts)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("write", [zipped, streamed])
def test_members_come_back(write, method):
    """Stored and deflated members come back whole, in the order of the directory."""
    container = opened(write([("a/header.json", TEXT), ("empty", b""), ("é", b"x")], method))
    assert list(container.members) == ["a/header.json", "empty", "é"]
    assert container.complete
    read = [container.read(name, ALL) for name in container.members]
    assert [(item.data, item.complete) for item in read] == [
        (TEXT, True),
        (b"", True),
        (b"x", True),
    ]
    assert codes(container) == []


def test_zstandard():
    """Method 93, which the standard library reads from Python 3.14 on only."""
    container = opened(by_hand(b"header.json", zstd.compress(TEXT), TEXT, 93))
    assert container.read("header.json", ALL).data == TEXT
    assert container.members["header.json"].method == 93
    assert codes(container) == []


def test_zstandard_of_several_frames():
    """Frames may follow each other within one member."""
    packed = zstd.compress(TEXT[:100]) + zstd.compress(TEXT[100:])
    assert opened(by_hand(b"a", packed, TEXT, 93)).read("a", ALL).complete


def test_the_last_of_a_repeated_name_counts():
    """An edited log holds its header twice; the later one is the log's."""
    container = opened(zipped([("header.json", b"old"), ("b", b"2"), ("header.json", b"new")]))
    assert container.read("header.json", ALL).data == b"new"
    assert list(container.members) == ["b", "header.json"]
    assert container.flaws.counts == {"duplicate-member": 1}


@pytest.mark.parametrize("needed", [True, False])
def test_zip64(needed):
    """Sizes beyond 32 bits stand in an extra field and in another end record, needed or not."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file, file.open("big", "w", force_zip64=True) as member:
        member.write(TEXT)
    assert opened(out.getvalue()).read("big", ALL).data == TEXT
    data = by_hand(b"a", TEXT, TEXT, 0)
    at = data.rindex(b"PK\5\6")
    entries, length, start = struct.unpack_from("<H2L", data, at + 10)
    wide = b"PK\6\6" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, entries, entries, length, start)
    locator = b"PK\6\7" + struct.pack("<LQL", 0, at, 1)
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    container = opened(data[:at] + wide + locator + (end if needed else data[at:]))
    assert container.read("a", ALL).complete
    assert codes(container) == []


def test_bytes_before_and_after_the_container():
    """A script before it shifts all offsets; a comment may follow it."""
    data = zipped([("a", TEXT)])
    commented = data[:-2] + struct.pack("<H", 7) + b"comment"
    container = opened(b"#!/bin/sh\nexec it\n" + commented)
    assert container.read("a", ALL).data == TEXT
    assert codes(container) == []


def test_more_than_wanted():
    """Of a member larger than asked for, the beginning is given, and that it is not all."""
    container = opened(zipped([("a", TEXT)]))
    content = container.read("a", 10)
    assert (content.data, content.complete) == (TEXT[:10], False)
    assert codes(container) == ["size-limit"]


def test_range_of_a_stored_member():
    """Tensors are read piece by piece where they lie; what is packed has no such pieces."""
    container = opened(zipped([("a", TEXT), ("b", b"abcdef")], zipfile.ZIP_STORED))
    assert container.range("b", 2, 3) == b"cde"
    assert container.range("b", 4, 100) == b"ef"
    assert container.range("b", 9, 2) == b""
    assert container.range("b", -1, 2) == b""
    assert opened(zipped([("a", TEXT)])).range("a", 0, 5) == b""


def test_a_wrong_checksum():
    """What was read is given, and that it cannot be trusted."""
    data = zipped([("a", TEXT)], zipfile.ZIP_STORED)
    container = opened(data.replace(b"3.25", b"3.75", 1))
    content = container.read("a", ALL)
    assert content.data.startswith(b"loss 3.75")
    assert not content.complete
    assert codes(container) == ["bad-crc"]


def test_encrypted():
    """An encrypted member is listed and not read."""
    container = opened(by_hand(b"a", TEXT, TEXT, 0, flags=1))
    assert container.read("a", ALL).data == b""
    assert container.range("a", 0, 5) == b""
    assert codes(container) == ["encrypted"]


def test_unknown_method():
    """LZMA and the like are listed and not read."""
    container = opened(by_hand(b"a", TEXT, TEXT, 14))
    content = container.read("a", ALL)
    assert (content.data, content.complete) == (b"", False)
    assert codes(container) == ["unsupported-method"]


@pytest.mark.parametrize("method", [8, 93])
def test_bad_data(method):
    """What does not unpack gives what came before."""
    container = opened(by_hand(b"a", b"\xff" * 50, TEXT, method))
    assert not container.read("a", ALL).complete
    assert codes(container) == ["bad-data"]


def test_odd_names_are_texts():
    """A name that would lead out of a directory is a name like others, and told."""
    names = ["../../etc/passwd", "/abs", "C:/x", "a\nb", "ok/.."]
    container = opened(zipped([(name, b"1") for name in names]))
    assert list(container.members) == names
    assert container.flaws.counts == {"odd-name": 5}


@pytest.mark.parametrize("write", [zipped, streamed])
def test_cut_within_a_member(write):
    """Without a directory the headers are walked; of the torn member its beginning is read."""
    first, second = TEXT, random.Random(1).randbytes(3000)  # noqa: S311
    data = write([("a", first), ("b", second), ("c", b"")])
    cut = data[: data.index(b"PK\1\2") - 1500]
    container = opened(cut)
    assert not container.complete
    assert list(container.members) == ["a", "b"]
    assert container.read("a", ALL).complete
    torn = container.read("b", ALL)
    assert second.startswith(torn.data)
    assert not torn.complete
    assert len(torn.data) > 100
    assert container.flaws.counts == {"truncated": 2}


def test_cut_within_the_directory():
    """All members are there, only their list is not."""
    data = zipped([("a", TEXT), ("b", b"2")])
    container = opened(data[: data.index(b"PK\1\2") + 30])
    assert [container.read(name, ALL).data for name in container.members] == [TEXT, b"2"]
    assert container.flaws.counts == {"truncated": 1}


def test_member_whose_sizes_were_never_filled_in():
    """A writer that was killed leaves zeros in the last header."""
    data = zipped([("a", TEXT), ("b", TEXT)])
    at = data.index(b"PK\3\4", 4)
    killed = bytearray(data[: data.index(b"PK\1\2") - 4])
    killed[at + 14 : at + 26] = bytes(12)
    container = opened(bytes(killed))
    assert TEXT.startswith(container.read("b", ALL).data)
    assert container.members["b"].torn


def test_damaged_directory():
    """An entry that cannot be read makes the whole directory doubtful."""
    data = zipped([("a", TEXT), ("b", b"2"), ("c", b"3")])
    at = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    container = opened(data[:at] + b"XX" + data[at + 2 :])
    assert list(container.members) == ["a", "b", "c"]
    assert not container.complete
    assert container.flaws.counts == {"bad-directory": 1}


def test_garbage_between_members():
    """Bytes that belong to no member are passed over."""
    data = zipped([("a", TEXT), ("b", b"2")])
    at = data.index(b"PK\3\4", 4)
    container = opened((data[:at] + b"garbage" + data[at:])[:-30])
    assert list(container.members) == ["a", "b"]
    assert container.flaws.counts == {"truncated": 1, "bad-header": 1}


def test_header_that_is_not_there():
    """The directory points at something else."""
    data = zipped([("a", TEXT)])
    container = opened(b"XX" + data[2:])
    assert container.read("a", ALL).data == b""
    assert codes(container) == ["bad-header"]


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"PK\5\6", b"no container"])
def test_nothing_to_list(data):
    """Not even one header."""
    container = opened(data)
    assert container.members == {}
    assert not container.complete
    assert codes(container)


def test_limit_of_ratio():
    """A bomb is left when it has shown what it is, not when memory ends."""
    bomb = zlib.compress(bytes(1 << 26), 9)[2:-4]
    limits = Limits(zip_ratio=100)
    container = opened(by_hand(b"a", bomb, bytes(1 << 26), 8), limits)
    assert len(container.read("a", 1 << 30).data) < 1 << 23
    assert codes(container) == ["ratio"]


def test_limit_of_expansion():
    """Members that overlap could be read again and again; all together count."""
    data = zipped([(f"m{n}", bytes(1000)) for n in range(10)], zipfile.ZIP_STORED)
    container = opened(data, Limits(zip_expanded_bytes=3500))
    read = [container.read(name, ALL).complete for name in container.members]
    assert read == [True] * 3 + [False] * 7
    assert codes(container) == ["size-limit"]


def test_limit_of_members():
    """The rest of a container with too many members is told, not listed."""
    data = zipped([(f"m{n}", b"") for n in range(10)])
    container = opened(data, Limits(zip_members=4))
    assert list(container.members) == ["m0", "m1", "m2", "m3"]
    assert container.complete
    assert codes(container) == ["too-many-members"]


def test_signatures_without_end_cost_little():
    """False marks by the thousand are passed in one window, and given up at a limit."""
    reads: list[int] = []
    start = streamed([("a", TEXT)])[:-60]
    data = start + b"PK\7\x08" * 50_000

    def read_at(at: int, size: int) -> bytes:
        reads.append(size)
        return data[at : at + size]

    container = ZipContainer.open(read_at, len(data))
    assert list(container.members) == ["a"]
    assert len(reads) < 20


_GOOD = zipped([("header.json", TEXT), ("b", b"2" * 100)]) + b""
_STREAM = streamed([("header.json", TEXT), ("b", b"2" * 100)])


@given(
    st.sampled_from([_GOOD, _STREAM, by_hand(b"a", zstd.compress(TEXT), TEXT, 93)]),
    st.lists(st.tuples(st.integers(0, 700), st.binary(max_size=6)), max_size=5),
    st.integers(0, 700),
)
def test_damage_never_raises(data, patches, keep):
    """Whatever is overwritten or cut off, nothing raises, and what is called whole is."""
    broken = bytearray(data)
    for at, patch in patches:
        broken[at : at + len(patch)] = patch
    container = opened(bytes(broken[:keep]) if keep % 3 else bytes(broken))
    for name in container.members:
        content = container.read(name, ALL)
        if content.complete:
            assert zlib.crc32(content.data) == container.members[name].crc
        container.range(name, 0, 10)


@given(st.binary(max_size=400))
def test_any_bytes(data):
    """Nothing at all raises."""
    container = opened(b"PK\3\4" + data)
    for name in container.members:
        container.read(name, ALL)


def test_limit_of_what_is_read():
    """Blocks without content unpack to nothing, and members may all share the same ones."""
    nothing = b"\0\0\0\xff\xff" * 20_000
    packed = nothing + zlib.compress(b"x", 9)[2:-4]
    container = opened(by_hand(b"a", packed, b"x", 8), Limits(zip_read_bytes=350_000))
    read = [container.read("a", ALL).complete for _ in range(10)]
    assert read == [True] * 3 + [False] * 7
    assert codes(container) == ["size-limit"]


def test_frames_without_content_cost_little():
    """Zstandard hands back all that follows a frame: a copy for each nine bytes."""
    frames = zstd.compress(b"") * 400_000
    container = opened(by_hand(b"a", frames, b"", 93), Limits(zip_read_bytes=1 << 24))
    assert container.read("a", ALL) == (content := container.read("a", ALL))
    assert content.data == b""
    assert codes(container) == ["size-limit"]
    assert container._spent < 1 << 25


def test_long_names_are_cut_and_counted():
    """A directory may be nothing but names."""
    names = [f"{number:04}" + "n" * 60_000 for number in range(50)]
    container = opened(zipped([(name, b"") for name in names]), Limits(document_bytes=20_000))
    assert {len(name) for name in container.members} == {1_000}
    assert len(container.members) == 20
    assert sorted(codes(container)) == ["odd-name", "too-many-members"]
