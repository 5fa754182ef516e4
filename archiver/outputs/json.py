"""The report as JSON; `schemas/validate.v1.json` describes it. It can serve as a baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping

from archiver.encoder import Encoder, Help
from archiver.model.findings import Report, RunFindings, encoded, well_formed
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
    text = json.dumps(document, ensure_ascii=True, indent=1, allow_nan=False) + "\n"
    # The same document, and no line of it a command to the CI system that logs it.
    return text.replace("##", "#\\u0023")


def _run(run: RunFindings) -> Value:
    judged = run.reproducibility
    return {
        "path": well_formed(run.path),
        "run_id": well_formed(run.run_id),
        "producers": list(run.producers),
        "status": run.status,
        "findings": [encoded(finding) for finding in run.findings],
        "suppressed": [
            {"reason": well_formed(item.reason), **encoded(item.finding)} for item in run.suppressed
        ],
        "known": [encoded(finding) for finding in run.known],
        "rules_not_run": {
            rule: well_formed(reason) for rule, reason in sorted(run.rules_not_run.items())
        },
        "reproducibility": None
        if judged is None
        else {
            "answer": judged.answer,
            "known": list(judged.known),
            "missing": list(judged.missing),
        },
    }


ENCODER = Encoder(name="json", summary="One JSON document, for programs.", encode=_encode)
