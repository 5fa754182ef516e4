"""ms-swift's arguments: nulls kept, reprs as text, one copy of several."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("ms_swift_args", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "ms_swift_args")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "ms_swift_args")


def arguments(**more):
    """A few arguments of ms-swift 3."""
    return {
        "model_type": "qwen2", "template": "chatml", "output_dir": "/o/e/v0-20260101-000000",
        "learning_rate": 1e-4, **more,
    }  # fmt: skip


def test_nulls_are_arguments(bench):
    """97 of the 336 arguments are null in the file, and in the configuration."""
    (found,) = bench.read("ms_swift_args", bench.input("ms_swift_args")).values()
    values = found.reading.configs[0].values
    assert len(values) == 336
    assert sum(value is None for value in values.values()) == 97


def test_reprs_stay_text(bench):
    """Python reprs of nested arguments are never parsed."""
    (found,) = bench.read("ms_swift_args", bench.input("ms_swift_args")).values()
    values = found.reading.configs[0].values
    assert values["model_info"].startswith("ModelInfo(")


def test_unknown_tool_is_not_taken(read_one):
    """`args.json` is a common name."""
    assert read_one("args.json", {"learning_rate": 0.1, "output_dir": "o"}).match == "no"


def test_torn_file_of_an_unknown_tool_is_not_taken(read_one):
    """What is left of it shows none of ms-swift's names."""
    assert read_one("args.json", '{"lr": 0.1, "epochs": [1,').match == "no"
    assert read_one("args.json", '{"model_type": "qwen2", "learn').match == "damaged"


def test_data_that_is_no_list_is_a_problem(read_one):
    """One path without a list is not what ms-swift writes."""
    found = read_one("args.json", arguments(dataset="a.jsonl", val_dataset=[None, "", "b.jsonl"]))
    assert [item.path for item in found.reading.datasets] == ["b.jsonl"]
    assert found.codes == ["unexpected-type"]


def test_step_inputs_name_the_model_of_any_version(read):
    """The key of the model changed from 2.x to 3.x."""
    old = {"model_id_or_path": "/m/old", "sft_type": "lora", "template_type": "t"}
    found = read(
        {
            "args.json": json.dumps(arguments(model="/m/new")),
            "sft_args.json": json.dumps(arguments(**old)),
        }
    )
    models = {path: item.reading.steps[0].inputs["model"] for path, item in found.items()}
    assert models == {"args.json": "/m/new", "sft_args.json": "/m/old"}
