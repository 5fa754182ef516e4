"""Checkpoint directories of three savers; payloads are hashed by others and never read."""

from __future__ import annotations

import hashlib
import resource

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("codex_checkpoint", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "codex_checkpoint")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "codex_checkpoint")


def test_payload_is_not_opened(bench):
    """Weights are pickles; side files say enough."""
    (found,) = bench.read("codex_checkpoint", bench.input("codex_checkpoint")).values()
    assert not [path for path in found.opened if path.endswith(".pt")]


def test_state_digest_is_of_the_latest_payload(bench):
    """`state.pt` is the first payload, `state.sha256` of the latest: no mismatch is claimed."""
    case = bench.input("codex_checkpoint", "saved-twice-and-pruned")
    (found,) = bench.read("codex_checkpoint", case).values()
    paths = {item.path for item in found.reading.checkpoints[0].digests}
    assert "ckpts/state.pt" not in paths


def test_directory_digest_taken_with_metadata(read):
    """A second save finds the old `metadata.json`; then it is part of the digest."""
    metadata, model = b'{"schema_version": "1.0", "epoch": 3}', b"weights"
    both = hashlib.sha256(b"metadata.json\0" + metadata + b"model.pt\0" + model).hexdigest()
    found = read(
        {
            "epoch-0003/metadata.json": metadata,
            "epoch-0003/model.pt": model,
            "epoch-0003/checkpoint.sha256": both,
        }
    )
    digests = found["epoch-0003"].reading.checkpoints[0].digests
    assert [(item.origin.value, item.value) for item in digests] == [
        ("recorded", both),
        ("derived", both),
    ]


def test_directory_digest_that_fits_neither_way(read):
    """Both digests stand on the entry, and they differ."""
    found = read({"epoch-0003/model.pt": b"weights", "epoch-0003/checkpoint.sha256": "0" * 64})
    recorded, derived = found["epoch-0003"].reading.checkpoints[0].digests
    assert recorded.value == "0" * 64
    assert derived.value == hashlib.sha256(b"model.pt\0weights").hexdigest()


def test_digest_as_coreutils_prints_it(read):
    """Bare, with a line end, or with a name behind."""
    text = "AB" * 32
    for index, form in enumerate((text, text + "\n", f"{text}  state.pt\n", f"{text} *state.pt")):
        found = read({f"{index}/state.pt": b"x", f"{index}/state.sha256": form})
        (digest,) = found[f"{index}"].reading.checkpoints[0].digests
        assert (digest.value, digest.path) == ("ab" * 32, f"{index}/state.pt")


def test_link_to_it_is_its_tag(bench, tmp_path):
    """The manager's `last` may be a link."""
    meta = '{"schema_version": "1.0", "epoch": 2, "metrics": {}}'
    bench.write(tmp_path, {"epoch-2/state.pt": b"", "epoch-2/meta.json": meta})
    (tmp_path / "last").symlink_to("epoch-2")
    (found,) = bench.read("codex_checkpoint", tmp_path).values()
    assert found.reading.checkpoints[0].tags == ("last",)


def test_manifest_and_configuration_are_left_to_their_readers(read):
    """They are not the checkpoint's own files."""
    found = read(dict.fromkeys(("a/state.sha256", "a/run_manifest.json", "a/config.yaml"), b"x"))
    assert [entry.path for entry in found["a"].artifact.files] == ["a/state.sha256"]


@pytest.fixture
def few_handles():
    """Let the process open a hundred files and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_handles")
def test_many_side_files_are_not_open_at_once(read):
    """A directory that was saved to again and again has more files than a process may open."""
    files = {
        f"ckpts/ckpt-{n:04}.meta.json": f'{{"step": {n}, "metrics": {{}}}}' for n in range(300)
    }
    found = read({**files, "ckpts/state.sha256": "0" * 64})
    assert found["ckpts"].reading.checkpoints[0].step == 299
    assert len(found["ckpts"].reading.checkpoints) == 301
