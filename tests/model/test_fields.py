"""The field registry against the archive template."""

import pytest

from archiver.model import fields
from archiver.model.fields import Section

TEMPLATE = {
    Section.SUMMARY: """experiment run_id status started_at finished_at duration_sec git_commit
        git_dirty host user os python conda_env cuda cuda_driver torch gpus""",
    Section.DEPENDENCIES: "name version",
    Section.CONFIG: "pipeline_config steps_config_dir pipeline_resolved steps_resolved",
    Section.PATHS: "datapool_root workdir logs_root",
    Section.DATA: "raw_cpt_dir raw_sft_dir merged_cpt merged_sft",
    Section.DATA_COPY: "source destination files_copied files_skipped note",
    Section.STEPS: """step_id name stage status config inputs outputs params training.loss_curve
        training.final_loss training.best_loss training.ppl training.steps training.duration_sec
        training.throughput_tokens_per_sec training.step_time_sec_avg metrics eval.datasets
        eval.results eval.script.path eval.script.version logs warnings error error_stack
        retries""",
    Section.REPRO: "prepare run env",
    Section.ARTIFACTS: "path tag step hf_models reports",
    Section.RESOURCES: "train_time_sec peak_vram_gb avg_vram_gb gpu_util_avg_pct",
    Section.CHANGES: "previous_run_id config_diff",
}


@pytest.mark.parametrize("section", list(Section))
def test_every_field_of_the_template_is_there_in_its_order(section):
    """The registry has each bullet and each column of the section, and no other."""
    names = [field.name.partition(".")[2] for field in fields.of_section(section)]
    assert names == TEMPLATE[section].split()


def test_every_field_has_a_meaning_and_a_known_type():
    """Documents and schemas are made from the table."""
    kinds = {"text", "int", "number", "bool", "time", "path", "list", "map"}
    assert all(field.meaning and field.type in kinds for field in fields.FIELDS)
    assert len(fields.BY_NAME) == len(fields.FIELDS)


@pytest.mark.parametrize(
    ("name", "claimable"),
    [
        ("summary.git_commit", True),
        ("repro.env.CUDA_VISIBLE_DEVICES", True),
        ("repro.env", False),
        ("repro.env.", False),
        ("steps.status", False),
        ("summary.colour", False),
    ],
)
def test_only_fields_of_the_record_can_be_claimed(name, claimable):
    """Lists such as steps are not set field by field."""
    assert fields.is_claimable(name) is claimable


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("summary.git_dirty", "false", False),
        ("resources.peak_vram_gb", "71.5", 71.5),
        ("summary.gpus", "H100 x 8, A100 x 2", ["H100 x 8", "A100 x 2"]),
        ("summary.user", "ann", "ann"),
        ("repro.env.WORLD_SIZE", "8", "8"),
    ],
)
def test_declared_texts_take_the_type_of_their_field(name, text, value):
    """A program that reads the record finds the type that the registry promises."""
    assert fields.typed(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"), [("summary.git_dirty", "no"), ("summary.duration_sec", "an hour")]
)
def test_declared_texts_of_another_type_are_refused(name, text):
    """Nothing is coerced by guess."""
    with pytest.raises(ValueError, match=r"neither true nor false|no number"):
        fields.typed(name, text)
