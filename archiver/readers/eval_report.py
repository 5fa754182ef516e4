"""Scores that an evaluation left as JSON in a pipeline's `reports/` directory.

Their form is the evaluation suite's own: whatever numbers stand in it are results, named by their
path; a null is a score that was not made. Strings are what the scores are of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archiver.artifact import pointer
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.record import Artifact as Product
from archiver.model.record import Evaluation, Script, Step
from archiver.model.values import Value
from archiver.rundir import Tree
from archiver.view import View

_PLACE = re.compile(r"(?:^|/)(?:datapool|experiments/[^/]+)/(?:[^/]+/){0,3}reports/.")
_RESULTS = 5_000
_KEY = 300
_SUITES = ("suite", "dataset", "benchmark", "task")
_VERSIONS = ("git_commit", "commit", "script_version", "version")


@dataclass
class _Flat:
    results: dict[str, Value] = field(default_factory=dict)
    left_out: int = 0

    def add(self, value: Value, path: str) -> None:
        """Numbers and nulls below a value, depth first, without recursion."""
        stack: list[tuple[str, Value]] = [(path, value)]
        while stack:
            name, item = stack.pop()
            if isinstance(item, dict):
                stack += [(f"{name}/{key}" if name else key, below) for key, below in item.items()][
                    ::-1
                ]
            elif isinstance(item, list):
                stack += [(f"{name}/{index}", below) for index, below in enumerate(item)][::-1]
            elif item is None or (isinstance(item, int | float) and not isinstance(item, bool)):
                self._keep(name, item)

    def _keep(self, name: str, item: Value) -> None:
        if len(self.results) < _RESULTS:
            self.results[name[:_KEY]] = item
        else:
            self.left_out += 1


def select(tree: Tree) -> list[Selection]:
    """JSON files below a pipeline's `reports/`."""
    named = tree.named("*.json")
    return [Selection(item.path, (item,)) for item in named if _PLACE.search(item.path)]


def detect(artifact: Artifact) -> Match:
    """An object with at least one number."""
    document = artifact.json()
    if not isinstance(document.value, dict):
        return Match.NO if document.complete else Match.DAMAGED
    flat = _Flat()
    flat.add(document.value, "")
    numbers = any(item is not None for item in flat.results.values())
    return Match.YES if numbers else (Match.NO if document.complete else Match.DAMAGED)


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """One evaluation with every number of the report, and the report itself."""
    document = artifact.json()
    flat = _Flat()
    flat.add(view.value, "")
    suites = [_text(view, key) for key in _SUITES]
    version = next((text for text in (_text(view, key) for key in _VERSIONS) if text), None)
    step = Step(
        at=artifact.at(),
        step_id=f"eval:{artifact.path.removesuffix('.json')}",
        name="eval",
        stage="other",
        outputs={"report": artifact.path},
        eval=Evaluation(
            datasets=tuple(text for text in suites if text),
            results=flat.results,
            script=Script(version=version),
            checkpoint=_text(view, "checkpoint") or _text(view, "model_path"),
        ),
    )
    product = Product(at=artifact.at(), path=artifact.path, kind="report")
    problems = [*artifact.problems(document.flaws)]
    if flat.left_out:
        message = f"{flat.left_out} numbers after the first {_RESULTS} are not among the results"
        problems.append(artifact.problem("too-many-results", message, pointer()))
    return Reading(
        steps=(step,),
        artifacts=(product,),
        problems=tuple(problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _text(view: View, key: str) -> str | None:
    """A string that is not empty; another suite may give the key another meaning."""
    value = view.value.get(key)
    return value if isinstance(value, str) and value else None


READER = Reader(
    name="eval_report",
    kind="llmrunner.eval_report",
    summary="Scores of an evaluation in a pipeline's reports directory",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
)
