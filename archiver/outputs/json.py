"""The report as JSON; `schemas/validate.v1.json` describes it. It can serve as a baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping

from archiver.extension import Encoder, Help, Report
from archiver.model.findings import RunFindings, encoded
from archiver.model.values import Value


def _encode(report: Report, _book: Mapping[str, Help], _colour: bool) -> str:  # noqa: FBT001
    document: dict[str, Value] = {
        "runs": [_run(run) for run in report.runs],
        "checked": {
            "runs": len(report.runs),
            "artifacts": report.artifacts,
            "rules": report.rules,
        },
        "summary": dict(report.summary()),
    }
    return json.dumps(document, ensure_ascii=True, indent=1, allow_nan=False) + "\n"


def _run(run: RunFindings) -> Value:
    judged = run.reproducibility
    return {
        "path": run.path,
        "run_id": run.run_id,
        "producers": list(run.producers),
        "status": run.status,
        "findings": [encoded(finding) for finding in run.findings],
        "suppressed": [{"reason": item.reason, **encoded(item.finding)} for item in run.suppressed],
        "known": [encoded(finding) for finding in run.known],
        "rules_not_run": dict(run.rules_not_run),
        "reproducibility": None
        if judged is None
        else {
            "answer": judged.answer,
            "known": list(judged.known),
            "missing": list(judged.missing),
        },
    }


ENCODER = Encoder(name="json", summary="One JSON document, for programs.", encode=_encode)
