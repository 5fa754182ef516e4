"""CoordExp `run_metadata.json`: code state, versions and identity of a training run.

Written once, in place, just before the first step; a restart in the same directory overwrites
it. It has no schema_version. Keys arrived over time: nine from 2026-01-31, `dataset_seed`,
`upstream` and `launcher` from 2026-02-19, `run_manifest_files` from 2026-02-20.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.claims import AttemptMark, AttemptTrail, Claim, Origin, Problem, Trust
from archiver.model.record import Dependency, Repository, Step
from archiver.model.times import parse_iso
from archiver.view import View

STATUS_LIMIT = 200
"""`git_status_porcelain` is cut there, without a mark."""
_VERSION_ELEMENT = re.compile(r"v\d+-\d{8}-\d{6}\Z")
_STRIPPED_STATUS = re.compile(r"[MTADRCU] \S")
_STATUS = re.compile(r"(?:[ MTADRCUm?!]{2} |[MTADRCU] \S)")
"""An entry of `git status --porcelain`; other lines are git's warnings."""
_LIBRARIES = ("transformers", "torch", "vllm", "swift")


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """Claims on identity, code and versions.

    Git ran with stderr merged into stdout, so a warning can stand before each of its answers.
    """
    document = artifact.json()
    upstream = view.object("upstream")
    claims = (*_identity(view), *_code(view), *_versions(upstream))
    repositories = (_checkout(view), *_ms_swift(upstream))
    started = parse_iso(view.text("created_at") or "")
    books = artifact.document_accounting(READER.kind, document.flaws, complete=document.complete)
    return Reading(
        claims=tuple(claims),
        dependencies=tuple(_dependencies(upstream)),
        repositories=repositories,
        steps=(Step(at=artifact.at(), step_id="1", name="train"),),
        attempts=(
            AttemptTrail("coordexp.run_metadata", (AttemptMark(view.at("created_at"), started),)),
        ),
        problems=(*artifact.problems(document.flaws), *_missing_code(view), *view.problems),
        accounting=books,
        extras={
            key: view.value[key]
            for key in ("launcher", "encoded_sample_cache", "run_manifest_files", "base_config")
            if view.value.get(key)
        },
    )


def _identity(view: View) -> Iterator[Claim]:
    config = view.filled("config")
    if config:
        yield Claim("config.pipeline_config", config, view.at("config"))
    created = view.filled("created_at")
    if created:
        yield Claim("summary.started_at", created, view.at("created_at"))
    output = view.filled("output_dir")
    if output:
        yield Claim("paths.workdir", output, view.at("output_dir"))
        yield from _names(view, output)


def _names(view: View, output: str) -> Iterator[Claim]:
    """Run and experiment, from where ms-swift put its version element in the path."""
    parent, last = ["", "", *output.rstrip("/").split("/")][-2:]
    if not last:
        return
    place = view.at("output_dir")

    def claim(field: str, value: str, rule: str) -> Claim:
        return Claim(field, value, place, origin=Origin.DERIVED, rule=rule, sources=(place,))

    if _VERSION_ELEMENT.match(last) and parent:
        yield claim("summary.run_id", last, "version-element-of-output-dir")
        yield claim("summary.experiment", parent, "parent-of-version-element")
    elif _VERSION_ELEMENT.match(parent):
        yield claim("summary.run_id", parent, "version-element-of-output-dir")
        yield claim("summary.experiment", last, "name-below-version-element")
    else:
        yield claim("summary.run_id", last, "last-element-of-output-dir")
        if parent:
            yield claim("summary.experiment", parent, "parent-of-output-dir")
    name = view.filled("run_name")
    if name and "/" not in name:
        yield Claim("summary.experiment", name, view.at("run_name"), Trust.EFFECTIVE)


def _code(view: View) -> Iterator[Claim]:
    """Null means that git failed, which is no statement about the code."""
    commit = view.commit("git_sha")
    if commit:
        yield Claim("summary.git_commit", commit, view.at("git_sha"))
    dirty = _dirty(view)
    if dirty is not None:
        yield Claim("summary.git_dirty", dirty, view.at("git_dirty"))


def _dirty(view: View) -> bool | None:
    """Whether the checkout was dirty: git's warnings alone, taken for changes, do not tell."""
    status = view.texts("git_status_porcelain")
    doubtful = status and not any(map(_STATUS.match, status))
    return None if doubtful else view.flag("git_dirty")


def _missing_code(view: View) -> Iterator[Problem]:
    checkout = view.object("upstream").object("ms_swift")
    if checkout.has("error"):
        message = f"git failed in the checkout of ms-swift ({checkout.text('error')})"
        place = "/upstream/ms_swift/error"
        yield view.artifact.problem("git-failed", message, place)
    if view.has("git_sha") and view.value["git_sha"] is None:
        yield view.artifact.problem(
            "git-failed",
            "git failed when the run started; commit, branch and dirty state are unknown",
            "/git_sha",
        )
    if view.filled("git_sha") and view.commit("git_sha") is None:
        yield view.artifact.problem("unexpected-value", "git_sha is no commit id", "/git_sha")
    status = view.texts("git_status_porcelain")
    if not all(map(_STATUS.match, status)):
        message = "git's warnings stand among the changed files; with them any checkout is dirty"
        yield view.artifact.problem("git-warning", message, "/git_status_porcelain")


def _checkout(view: View) -> Repository:
    status = list(view.texts("git_status_porcelain"))
    if status and _STRIPPED_STATUS.match(status[0]):
        # The producer stripped the whole text, and with it the first entry's leading blank.
        status[0] = " " + status[0]
    return Repository(
        at=view.at("git_sha"),
        role="run",
        name="CoordExp",
        branch=view.last_line("git_branch"),
        commit=view.commit("git_sha"),
        dirty=_dirty(view),
        status=tuple(status),
        status_cut=len(status) >= STATUS_LIMIT,
    )


def _ms_swift(upstream: View) -> Iterator[Repository]:
    checkout = upstream.object("ms_swift")
    if not checkout.value:
        return
    yield Repository(
        at=checkout.at(),
        role="dependency",
        name="ms-swift",
        path=checkout.text("repo_root"),
        branch=checkout.last_line("branch"),
        commit=checkout.commit("sha"),
        dirty=checkout.flag("dirty"),
        status=checkout.texts("status_porcelain"),
    )


def _versions(upstream: View) -> Iterator[Claim]:
    python = upstream.filled("python")
    if python:
        yield Claim("summary.python", python, upstream.at("python"))
    environment = upstream.value.get("conda_env", "")
    if environment is None or upstream.filled("conda_env"):
        yield Claim("summary.conda_env", environment, upstream.at("conda_env"))
    torch = upstream.object("torch")
    version = torch.filled("version")
    if version:
        yield Claim("summary.torch", version, torch.at("version"))


def _dependencies(upstream: View) -> Iterator[Dependency]:
    checkout = upstream.object("ms_swift")
    for name in _LIBRARIES:
        if not upstream.has(name):
            continue
        library = upstream.object(name)
        yield Dependency(
            at=library.at(),
            name=name,
            version=library.text("version"),
            kind="imported",
            state="not_installed" if library.has("error") else "present",
            commit=checkout.commit("sha") if name == "swift" else None,
            dirty=checkout.flag("dirty") if name == "swift" else None,
            note=library.text("error"),
        )


READER = Reader(
    name="coordexp_run_metadata",
    kind="coordexp.run_metadata",
    summary="CoordExp run_metadata.json: commit, versions, identity",
    select=files("run_metadata.json"),
    detect=json_object("created_at", "git_sha", "output_dir"),
    parse=parse,
    map=to_reading,
)
