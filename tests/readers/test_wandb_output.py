"""W&B's console copy: the traceback that ended the output, and no other."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("wandb_output", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "wandb_output")


def test_ctrl_c_is_an_interruption(read_one):
    """A keyboard interrupt is no failure of the program."""
    text = "Traceback (most recent call last):\n  File x\nKeyboardInterrupt\n"
    found = read_one("run-20220314_162054-23a3pmae/files/output.log", text)
    assert found.kinds == ["interruption"]
