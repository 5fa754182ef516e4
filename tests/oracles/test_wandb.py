"""Records, rows and configuration against wandb's own message definitions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archiver.codecs import wandb_record
from archiver.codecs.wandb_log import WandbLog

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "readers" / "wandb_log"
LOGS = sorted(FIXTURES.glob("*/input/wandb/*/*.wandb"))
SPELLED = {"output_raw": "output"}


@pytest.mark.oracle("wandb")
@pytest.mark.parametrize("path", LOGS, ids=[path.parts[-5] for path in LOGS])
def test_every_record_as_wandb_decodes_it(path):
    """Kinds, items and their values are those of `wandb_internal_pb2`."""
    from wandb.proto import wandb_internal_pb2 as vendor

    records = [payload for _, payload in WandbLog([path.read_bytes()])]
    assert records
    for payload in records:
        theirs = vendor.Record()
        theirs.ParseFromString(payload)
        name = theirs.WhichOneof("record_type")
        kind, body = wandb_record.kind_of(payload)
        assert kind == SPELLED.get(name, name)
        message = getattr(theirs, name)
        for field in ("item", "update"):
            items = list(getattr(message, field, ()))
            if not items:
                continue
            number = message.DESCRIPTOR.fields_by_name[field].number
            ours = list(wandb_record.items(body, number))
            nested = [tuple(getattr(item, "nested_key", ())) or (item.key,) for item in items]
            assert [item.path for item in ours] == nested
            spelled = [json.dumps(item.value()) for item in ours]
            assert spelled == [json.dumps(json.loads(item.value_json)) for item in items]
