"""Lightning's parameters: tags of Python objects are data, scalars are those of YAML 1.1."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model.record import Related


def read_yaml(read, text):
    """The outcome of one hparams.yaml in a version directory."""
    return read({"version_0/hparams.yaml": text})["version_0/hparams.yaml"]


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("lightning_hparams", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "lightning_hparams")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!!python/tuple [1, 2]", [1, 2]),
        ("!!python/object/apply:os.system ['true']", 'python/object/apply:os.system: ["true"]'),
        ("!!python/object/new:a.B {x: 1}", 'python/object/new:a.B: {"x": 1}'),
        ("!!python/object:a.B {x: 1}", 'python/object:a.B: {"x": 1}'),
        ("!!python/module:os ''", "python/module: os"),
        ("!!python/name:os.system ''", "python/name: os.system"),
        ("!!python/complex 1+2j", "python/complex: 1+2j"),
        ("!!set {a: null}", {"a": None}),
        ("1e3", "1e3"),
        ("1.0e-05", 1e-05),
        ("'yes'", "yes"),
        ("2026-02-20", "2026-02-20"),
        ("LAYER", "LAYER"),
        ("${oc.env:HOME}", "${oc.env:HOME}"),
    ],
)
def test_values_are_data(read, written, value):
    """Nothing is imported, nothing is made, nothing is interpolated."""
    found = read_yaml(read, f"key: {written}\n")
    (config,) = found.reading.configs
    found_value = config.values["key"]
    told = f"{found_value.type}: {found_value.value}" if hasattr(found_value, "type") else None
    assert (told or found_value) == value


def test_aliases_are_followed(read):
    """As PyYAML writes what stands there twice."""
    (config,) = read_yaml(read, "a: &id001\n- 1\nb: *id001\n").reading.configs
    assert config.values == {"a": [1], "b": [1]}


@pytest.mark.parametrize("key", ["ckpt_path", "resume_from_checkpoint"])
def test_a_checkpoint_of_another_run(read, key):
    """Parameters that name one tell which run this one went on from."""
    text = f"{key}: /data/logs/version_3/checkpoints/epoch=1-step=8.ckpt\n"
    assert read_yaml(read, text).reading.related == (Related("resumed_from", "version_3"),)
    assert read_yaml(read, f"{key}: null\n").reading.related == ()
