"""What a value is worth: is it a secret at all, and may it be removed wherever it stands?

**Stays.** Null, booleans, numbers and the empty string under a secret name are no secrets.

**Propagation rule.** A secret is removed everywhere else only if it cannot be taken for ordinary
text: at least 8 characters and 4 different ones (from 20 characters on, 2); no placeholder (`***`,
`<token>`, `${HF_TOKEN}`, `password123`, a marker); no number, date or version; no file path; not
just words (letters, possibly joined by spaces, `_ - . /`), except a run of 16 letters or more, 10
of them different. Every other secret is replaced only where its key name betrays it. What has the
shape of an issued token (`hf_...`) is removed everywhere in any case.
"""

from __future__ import annotations

import re

MARKER = re.compile(r"\[redacted:([a-z0-9-]{1,40}):([0-9]{1,9})\]")
"""What stands in a secret's place."""

SHORTEST = 8
"""Shortest secret that is looked for by its value."""
LONGEST = 8192
"""Longest one."""
_SHORTEST_PASSWORD = 6

_WORDS = frozenset(
    ("true", "false", "yes", "no", "on", "off", "null", "none", "nil", "~", "nan", "inf", "n/a")
)
_MARKED = re.compile(MARKER.pattern + r"(?=\s|\Z)")
_NUMBER = re.compile(
    r"[-+]?(?:0x[0-9a-fA-F_]{1,40}|[0-9][0-9_]{0,400}(?:\.[0-9_]{0,400})?(?:[eE][-+]?[0-9]{1,9})?"
    r"|\.[0-9]{1,400}(?:[eE][-+]?[0-9]{1,9})?|\.?(?:inf|Inf|INF|nan|NaN|NAN|Infinity))"
)
_NUMERIC = re.compile(r"[-+0-9.:,/ TZ]+")
_LETTERS = re.compile(r"[^\W\d_]+(?:[ _./\\-]+[^\W\d_]+)*[ _./\\-]*")
_PATH = re.compile(r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\]")
_FOLDER = re.compile(r"[/\\][.]?[a-z]{2,}(?=[/\\_.-]|$)")
_REFERENCE = re.compile(
    r"\$[({]|\$[A-Z_][A-Z0-9_]*$|%[({]|\{\{|<[^<>]*>$|\[[^\[\]]*\]$|env:|oc\.env|"
    r"os\.environ|os\.getenv|vault:|\*{2}|x{4}",
    re.IGNORECASE,
)
_STOCK = re.compile(
    r"redacted|^change_?me|^(?:my_?)?(?:password|passwd|secret|token|api_?key)s?[0-9]{0,4}$",
    re.IGNORECASE,
)
_TOKENISH = re.compile(r"[A-Za-z0-9_\-.+/=~:%]{12,4096}")


def is_marker(text: str) -> bool:
    """Whether `text` is a redaction marker and nothing else."""
    return MARKER.fullmatch(text) is not None


def stays(text: str, *, bare: bool) -> bool:
    """Whether `text` under a secret name is none: a constant, or, bare, a number.

    Neither is a marker, nor a marker and the words that followed the secret on its line.
    """
    text = text.strip()
    if not text or text.lower() in _WORDS or _MARKED.match(text):
        return True
    return bare and _NUMBER.fullmatch(text) is not None


def looks_secret(text: str) -> bool:
    """Whether `text` looks random enough for a name that only may hold a secret."""
    if not _TOKENISH.fullmatch(text) or is_path(text) or _NUMERIC.fullmatch(text):
        return False
    if any(char.isdigit() for char in text):
        return any(char.isalpha() for char in text)
    return len(text) >= 20 and not text.islower() and not text.isupper()


def is_path(text: str) -> bool:
    """Whether `text` is an absolute, home or dotted path; base64 may start with `/` too."""
    return _PATH.match(text) is not None and _FOLDER.search(text) is not None


def is_placeholder(text: str) -> bool:
    """Whether `text` only stands for a secret (`<HUB_TOKEN>`, `${HF_TOKEN}`, `***`, a marker)."""
    return bool(_REFERENCE.match(text) or _STOCK.search(text) or MARKER.search(text))


def propagates(secret: str) -> bool:
    """Whether `secret` may be removed wherever it stands: the rule above."""
    if not SHORTEST <= len(secret) <= LONGEST or len(set(secret)) < (4 if len(secret) < 20 else 2):
        return False
    if is_placeholder(secret):
        return False
    if _NUMERIC.fullmatch(secret) or _NUMBER.fullmatch(secret) or is_path(secret):
        return False
    if _LETTERS.fullmatch(secret):
        return secret.isalpha() and len(secret) >= 16 and len(set(secret.lower())) >= 10
    return True


def is_doubtful(secret: str) -> bool:
    """Whether `secret`, which only its name betrays, may as well be none.

    `token_here` and `***` stand for one; removing them costs nothing, calling them leaked does.
    """
    if propagates(secret):
        return False
    mixed = any(char.isdigit() for char in secret) and any(char.isalpha() for char in secret)
    plain = _NUMERIC.fullmatch(secret) or _NUMBER.fullmatch(secret) or is_path(secret)
    return len(secret) < _SHORTEST_PASSWORD or not mixed or bool(plain) or is_placeholder(secret)
