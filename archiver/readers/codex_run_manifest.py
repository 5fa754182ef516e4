"""codex_ml `run_manifest.json`: interpreter, commit and lockfile digest, one per checkpoint.

The saver writes it into every checkpoint directory, in place and on best effort: it may be cut, be
`{}` or lack parts. `git_sha` is the environment variable GIT_SHA, any text. `lock_sha256` is of the
first of `uv.lock`, `uv.lock.json` in the directory that the process was started in, null if none;
newer versions add `provenance`, which takes git's own answer and knows more lockfiles, with `""`
for none. The manifests of one run may disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, LockClaim, Problem
from archiver.model.fields import ENV_PREFIX
from archiver.view import View

_OWN = frozenset({"lock_sha256", "git_sha", "provenance"})
_SAVED = frozenset({"state.pt", "state.sha256", "metadata.json"})
"""What the same saver leaves beside it; where those are, an empty one is the saver's, too."""
_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")
_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
UV = ("uv.lock", "uv.lock.json")
ANY = ("uv.lock", "requirements/lock.txt", "poetry.lock", "Pipfile.lock")


def detect(artifact: Artifact) -> Match:
    """Keys of the saver, or the saver's other files beside it."""
    document = artifact.json()
    if isinstance(document.value, dict) and _OWN & document.value.keys():
        return Match.YES if document.complete else Match.DAMAGED
    beside = any(
        f"{artifact.directory}/{name}".lstrip("/") in artifact.tree.by_path for name in _SAVED
    )
    if not beside:
        return Match.NO
    return Match.YES if document.complete and document.value == {} else Match.DAMAGED


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """Claims on interpreter and code, and the digests recorded of lockfiles."""
    document = artifact.json()
    nested = view.object("provenance")
    readable = document.complete and isinstance(document.value, dict)
    claims = (*_code(view, nested), *_machine(view, nested))
    locks = tuple(_locks(view, nested, artifact, readable=readable))
    misshapen = () if readable or not document.complete else (_misshapen(artifact),)
    return Reading(
        claims=claims,
        locks=locks,
        problems=(
            *artifact.problems(document.flaws),
            *misshapen,
            *_odd_digests(view, nested),
            *view.problems,
        ),
        accounting=artifact.document_accounting(READER.kind, document.flaws, complete=readable),
    )


def _misshapen(artifact: Artifact) -> Problem:
    return artifact.problem("unexpected-type", "a manifest is an object; nothing of it was read")


def _code(view: View, nested: View) -> Iterator[Claim]:
    """Git's own answer, and what the environment said; a text that is no commit claims nothing."""
    stated = nested.filled("git")
    if stated and _COMMIT.match(stated):
        yield Claim("summary.git_commit", stated, nested.at("git"))
    named = view.filled("git_sha")
    if named and _COMMIT.match(named):
        note = "from the environment variable GIT_SHA"
        yield Claim("summary.git_commit", named, view.at("git_sha"), note=note)
    elif named:
        message = "git_sha is whatever GIT_SHA held, and no commit id"
        problem = Problem("unexpected-value", message, view.at("git_sha"))
        view.problems[problem] = None


def _machine(view: View, nested: View) -> Iterator[Claim]:
    for held in (view, nested):
        python = held.filled("python")
        if python:
            yield Claim("summary.python", python, held.at("python"))
    platform = view.filled("platform")
    if platform:
        yield Claim("summary.os", platform, view.at("platform"))
    env = view.object("env")
    for name in env.value:
        if name and (env.value[name] is None or env.text(name) is not None):
            yield Claim(ENV_PREFIX + name, env.text(name), env.at(name))


def _locks(view: View, nested: View, artifact: Artifact, *, readable: bool) -> Iterator[LockClaim]:
    """Both digests where they differ; the one without a lockfile names none."""
    if not readable and not view.has("lock_sha256"):
        yield LockClaim("", artifact.at(), names=UV)
        return
    outer, inner = view.text("lock_sha256") or "", nested.text("lock_sha256") or ""
    if outer or outer == inner or view.has("lock_sha256"):
        at = view.at("lock_sha256") if view.has("lock_sha256") else artifact.at()
        yield LockClaim("", at, outer, names=UV)
    if inner and inner != outer:
        yield LockClaim("", nested.at("lock_sha256"), inner, names=ANY)


def _odd_digests(view: View, nested: View) -> Iterator[Problem]:
    for held in (view, nested):
        digest = held.text("lock_sha256")
        if digest and not _SHA256.match(digest):
            message = "lock_sha256 is no SHA-256 in hex digits"
            yield Problem("unexpected-value", message, held.at("lock_sha256"))


READER = Reader(
    name="codex_run_manifest",
    kind="codex_ml.run_manifest",
    summary="codex_ml run_manifest.json: commit, interpreter, digest of the lockfile",
    select=files("run_manifest.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
