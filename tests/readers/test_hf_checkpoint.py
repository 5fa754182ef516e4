"""Checkpoint directories, by their listing alone: no file is opened."""

from __future__ import annotations


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("hf_checkpoint", case)


def test_no_file_is_opened(bench):
    """Weights are pickles or tensors; the listing says enough."""
    found = bench.read("hf_checkpoint", bench.input("hf_checkpoint"))
    assert {item.opened for item in found.values()} == {()}


def test_links_beside_it_are_its_tags(bench, tmp_path):
    """`last` and `best` are links; a longer step that ends alike is another checkpoint."""
    for step in (1, 11):
        bench.write(tmp_path, {f"checkpoint-{step}/config.json": "{}"})
    (tmp_path / "last").symlink_to("checkpoint-11")
    (tmp_path / "best").symlink_to("/gone/my-run/checkpoint-1/")
    found = bench.read("hf_checkpoint", tmp_path)
    tags = {path: item.reading.checkpoints[0].tags for path, item in found.items()}
    assert tags == {"checkpoint-1": ("best",), "checkpoint-11": ("last",)}


def test_link_to_a_name_that_only_ends_alike_is_no_tag(bench, tmp_path):
    """`old-checkpoint-1` is not `checkpoint-1`."""
    bench.write(tmp_path, {"checkpoint-1/config.json": "{}"})
    (tmp_path / "best").symlink_to("old-checkpoint-1")
    (found,) = bench.read("hf_checkpoint", tmp_path).values()
    assert found.reading.checkpoints[0].tags == ()


def test_directory_with_nothing_of_a_checkpoint_is_none(read):
    """A name is not enough."""
    found = read({"checkpoint-7/README.md": "", "checkpoint-8/a/model.bin": b""})
    assert {path: item.match for path, item in found.items()} == {
        "checkpoint-7": "no",
        "checkpoint-8": "yes",
    }


def test_step_of_absurd_length_is_none(read):
    """A name with a thousand digits is some other directory."""
    assert read({f"checkpoint-{'9' * 200}/config.json": "{}"}) == {}
