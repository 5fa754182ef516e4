"""What the audit found, as lines and a table of the archive's document."""

from __future__ import annotations

from archiver.audit import Audit
from archiver.model.findings import Finding, counted, position_of
from archiver.render.escape import Markdown, inline, prose
from archiver.render.shapes import Bullet, Table, sentence
from archiver.render.values import place


def lines(audit: Audit) -> list[Bullet]:
    """How much was found, and whether the run can be done again."""
    if not audit.ran:
        return []
    counts = [(word, count) for word, count in counted(audit.findings).items() if count]
    told = ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts)
    found = f"{told}; see [Findings](#findings)" if told else f"none, by {len(audit.ran)} rules"
    bullets = [Bullet("**Findings**", Markdown(found))]
    judged = audit.reproducibility
    if judged is not None:
        missing = f": missing {', '.join(map(prose, judged.missing))}" if judged.missing else ""
        bullets.append(Bullet("**Reproducible**", Markdown(judged.answer + missing)))
    return bullets


def table(audit: Audit) -> Table:
    """Every finding, gravest first."""
    rows = [
        (
            Markdown(item.severity.value),
            inline(f"{item.rule} {item.name}"),
            sentence(item.message),
            _place(item),
            sentence(item.hint),
        )
        for item in audit.findings
    ]
    return Table(("severity", "rule", "finding", "at", "hint"), rows, always=3)


def _place(item: Finding) -> Markdown | None:
    if not item.at.path:
        return None
    line = f" (line {item.line})" if item.line and position_of(item.at, None) is None else ""
    return Markdown(place(item.at) + line)


def not_run(audit: Audit) -> list[Bullet]:
    """Rules that could not judge this run, and why."""
    return [Bullet(name, prose(reason)) for name, reason in sorted(audit.rules_not_run.items())]
