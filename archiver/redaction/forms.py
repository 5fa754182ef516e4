"""The forms in which a known secret may stand in a text, and the search for all of them."""

from __future__ import annotations

import base64
import html
import json
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from archiver.redaction.worth import SHORTEST

_LONG_TEXT = 64 * 1024
"""From here on, a look for each form comes before the search for all."""
_FEW = 1000
"""Up to here that is quicker."""
_BASE64_REST = re.compile(r"[A-Za-z0-9+/_-]{0,1024}={0,2}")
_BASE64 = string.ascii_letters + string.digits + "+/_-"
_BASE64_BEFORE = 1024
"""Characters of base64 before a secret that are looked for."""


class Needles:
    """Finds any form of any secret in a text, in one linear pass."""

    __slots__ = ("_encoded", "_forms", "_pattern")

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: dict[str, str] = {}
        self._encoded: set[str] = set()
        for secret in secrets:
            for form in plain_forms(secret):
                self._forms.setdefault(form, secret)
            for form in base64_cores(secret):
                if form not in self._forms:
                    self._forms[form] = secret
                    self._encoded.add(form)
        self._pattern = any_of(self._forms)

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and secret of every place; inside base64, the whole run of base64."""
        pattern = self._pattern
        if pattern is None or len(text) < SHORTEST:
            return
        if len(text) > _LONG_TEXT and len(self._forms) <= _FEW:
            pattern = any_of({form: "" for form in self._forms if form in text})
            if pattern is None:
                return
        for match in pattern.finditer(text):
            start, end, form = match.start(), match.end(), match[0]
            if form in self._encoded:
                before = text[max(0, start - _BASE64_BEFORE) : start]
                rest = _BASE64_REST.match(text, end)
                start -= len(before) - len(before.rstrip(_BASE64))
                end = rest.end() if rest else end
            yield start, end, self._forms[form]


def plain_forms(secret: str) -> list[str]:
    """The secret as it stands in text, URLs, JSON (also within JSON), Python, YAML and HTML."""
    in_json = json.dumps(secret)[1:-1]
    readable = json.dumps(secret, ensure_ascii=False)[1:-1]
    in_url = quote(secret, safe="", errors="replace")
    forms = [
        *(secret, in_url, quote_plus(secret, errors="replace"), quote(secret, errors="replace")),
        *(re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), in_url), in_json, readable),
        *(in_json.replace("/", r"\/"), readable.replace("&", r"\u0026")),
        *(json.dumps(in_json)[1:-1], json.dumps(readable, ensure_ascii=False)[1:-1]),
        *(repr(secret)[1:-1], secret.replace("\\", "\\\\").replace("'", "\\'")),
        *(secret.replace("'", "''"), html.escape(secret), html.escape(secret, quote=False)),
    ]
    return [form for form in dict.fromkeys(forms) if len(form) >= SHORTEST]


def base64_cores(secret: str) -> Iterator[str]:
    """What the secret looks like within base64, for each of the three places it may start at.

    Only the characters that depend on nothing but the secret: `user:` may stand before it.
    """
    raw = secret.encode("utf-8", "surrogateescape")
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        bits = 8 * (before + len(raw))
        core = encoded[-(-8 * before // 6) : bits // 6].decode("ascii")
        yield core
        if "+" in core or "/" in core:
            yield core.replace("+", "-").replace("/", "_")


def any_of(forms: Mapping[str, str]) -> re.Pattern[str] | None:
    """One pattern for all forms, the longest first, branching on their first two characters."""
    if not forms:
        return None
    tree: dict[str, dict[str, list[str]]] = {}
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        tree.setdefault(form[0], {}).setdefault(form[1], []).append(form[2:])
    branches = []
    for first, seconds in tree.items():
        inner = "|".join(
            re.escape(second) + "(?:" + "|".join(map(re.escape, rests)) + ")"
            for second, rests in seconds.items()
        )
        branches.append(f"{re.escape(first)}(?:{inner})")
    return re.compile("|".join(branches))
