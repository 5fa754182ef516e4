"""No artifact says on which GPUs the run ran.

What it finds
    Runs that measured something and of which no artifact names the GPU models, or says that
    there were none. The host is told where it is known.

Why it matters
    Times, throughput and memory mean nothing without it; kernels, and with them results, differ
    between models; and nobody can ask a host that was reinstalled.

Example
    note    [RA104 hardware-unknown]
            no artifact names the GPUs (host gpu-worker-01)

What to do
    Let the run log its devices: a tracker's system information, `nvidia-smi -L` in the job
    script, or the trainer's own environment report. A person who knows them can declare them:
    `--set summary.gpus=...`.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity, Vouch
from archiver.wording import cut, listed


def check(case: Case) -> Iterator[Hit]:
    """At most one hit, of the run."""
    if not case.training or not case.record.series or case.field("summary.gpus") is not None:
        return
    hosts = case.value("summary.host")
    names = [cut(str(name)) for name in hosts[:20]] if isinstance(hosts, list) else []
    host = f" (host{'s' if len(names) > 1 else ''} {listed(names)})" if names else ", nor the host"
    yield Hit(f"no artifact names the GPUs{host}")


RULE = Rule(
    id="RA104",
    name="hardware-unknown",
    summary="No artifact says on which GPUs the run ran",
    severity=Severity.NOTE,
    check=check,
    vouches=Vouch("the GPU models", essential=False),
)
