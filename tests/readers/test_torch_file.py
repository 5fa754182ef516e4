"""Files of torch.save: told apart by their bytes, read as data."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("torch_file", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "torch_file")


def test_a_command_is_named(bench):
    """What loading would run stands in the problem."""
    outcomes = bench.read("torch_file", bench.input("torch_file", "unsafe"))
    told = {path: found.reading.problems[0].message for path, found in outcomes.items()}
    assert told == {
        "evil.bin": "loading it would run posix.system",
        "class.pt": "loading it would import the code of mylib.Model",
    }


def test_a_tar_of_the_first_releases(read_one):
    """Known by its first member; not read."""
    head = b"sys_info".ljust(257, b"\0") + b"ustar" + bytes(250)
    found = read_one("old.pt", head)
    assert (found.match, found.reading.extras) == ("yes", {"container": "tar"})


def test_many_names_are_counted(read_one):
    """The problem names ten."""
    names = b"".join(f"cm{n}\nX\n0".encode() for n in range(12))
    message = read_one("x.pt", b"\x80\x02" + names + b"N.").reading.problems[0].message
    assert message.endswith("m9.X and 2 more")


def test_the_trainer_s_own_arguments_are_no_fault(read):
    """Every run of the Hugging Face Trainer has them; an attack under that name is one still."""
    own = b"\x80\x02ctransformers.training_args\nTrainingArguments\n."
    attack = b"\x80\x02cposix\nsystem\n."
    found = read({"a/training_args.bin": own, "b/training_args.bin": attack})
    assert {path: outcome.codes for path, outcome in found.items()} == {
        "a/training_args.bin": [],
        "b/training_args.bin": ["hostile-pickle"],
    }
