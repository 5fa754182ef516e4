"""Secrets that betray themselves by their shape, whatever key or text they stand in."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from archiver.model.plain import dataclass
from archiver.redaction.worth import is_marker

KEY_NAME = "key-name"
"""The kind of a secret that only its key name betrays."""


class Found(NamedTuple):
    """One secret in a text."""

    start: int
    end: int
    secret: str
    """The secret itself, unescaped."""
    kind: str
    sure: bool
    """Whether it has a shape that only issued tokens have, so that it is removed everywhere."""


@dataclass(frozen=True)
class Shape:
    """One recognisable kind of secret."""

    kind: str
    stems: tuple[str, ...]
    """A secret of this kind starts with one of these, give or take `back`."""
    expression: str
    """Its first group, if any, is the secret. It may not search on without progress."""
    sure: bool = True
    edge: bool = True
    """Whether it may not follow a letter or digit."""
    back: int = 0
    """How many characters before the stem the pattern starts."""
    flags: re.RegexFlag = re.NOFLAG

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled when a stem of this kind is first met: most never are."""
        return re.compile(self.expression, self.flags)


# An escape (`\n`, `%3D`, `\u003d`) or a terminal colour may end in a letter or digit, and a token
# may still follow.
_ESCAPE = re.compile(
    r"(?:\\[nrtbf]|%[0-9A-Fa-f]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\[[0-9;]{1,8}m)\Z"
)


def _token(kind: str, stems: str, pattern: str, *, back: int = 0) -> Shape:
    """A shape that issued tokens have; the stems are separated by spaces."""
    return Shape(kind, tuple(stems.split()), pattern, back=back, flags=re.ASCII)


_URL_PARAMETER = re.compile(
    r"(?:[?&]|\\u0026)(?:amp;)?(?:x-(?:amz|goog|oss|cos)-(?:signature|security-token|credential)|x-amz-signature|"
    r"(?:(?:access|auth|api|id|refresh|session|security|hf|private|job|sas|user)[_-]?)?token|"
    r"sig|sign|signature|(?:api|access|auth|secret)[_-]?key|client[_-]secret|secret|"
    r"passw(?:or)?d|pwd|auth|jwt)=([^\s&\"'<>#\\;,)\]}]{6,2048})",
    re.IGNORECASE,
)

SHAPES = (
    _token(
        "hf-token",
        "hf_ api_org_",
        r"(?:hf|api_org)_(?:[A-Za-z0-9]{30,}|(?=[A-Za-z]*[0-9])[A-Za-z0-9]{16,29})",
    ),
    _token("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{20,}"),
    _token("github-token", "github_pat_", r"github_pat_[A-Za-z0-9_]{20,}"),
    _token(
        "gitlab-token",
        "glpat- glptt- glrt- gldt- glcbt- glsoat- glft-",
        r"gl(?:pat|ptt|rt|dt|cbt|soat|ft)-[A-Za-z0-9_.-]{19,}[A-Za-z0-9_-]",
    ),
    _token("anthropic-key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{16,}"),
    _token("langfuse-key", "k-lf-", r"[sp]k-lf-[0-9a-f-]{30,}", back=1),
    _token(
        "openai-key",
        "sk-",
        r"sk-(?:(?:proj|svcacct|admin|None|or-v1)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20,}[A-Za-z0-9_-]*"
        r"|(?=[A-Za-z_-]{0,64}[0-9])(?=[a-z0-9_-]{0,64}[A-Z])[A-Za-z0-9_-]{32,})",
    ),
    _token("aws-key", "AKIA ASIA ABIA ACCA", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _token("alibaba-key", "LTAI", r"LTAI[A-Za-z0-9]{12,30}(?![A-Za-z0-9])"),
    _token("tencent-key", "AKID", r"AKID[A-Za-z0-9]{32,}"),
    _token("volcengine-key", "AKLT", r"AKLT[A-Za-z0-9_-]{40,}"),
    _token("slack-token", "xox", r"xox[abceoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}"),
    _token("slack-token", "xapp-", r"xapp-[0-9]-[A-Za-z0-9-]{10,}"),
    _token(
        "jwt", "eyJ", r"(?<![_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,3}"
    ),
    _token("npm-token", "npm_", r"npm_[A-Za-z0-9]{30,}"),
    _token("pypi-token", "pypi-A", r"pypi-A[A-Za-z0-9_-]{20,}"),
    _token("google-key", "AIza", r"AIza[A-Za-z0-9_-]{30,}"),
    _token("google-token", "ya29.", r"ya29\.[A-Za-z0-9_-]{20,}"),
    _token("google-secret", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    _token("stripe-key", "k_live_ k_test_", r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,}", back=1),
    _token("stripe-key", "whsec_", r"whsec_[A-Za-z0-9+/=]{20,}"),
    _token("sendgrid-key", "SG.", r"(?<![_-])SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    _token("databricks-token", "dapi", r"dapi[0-9a-f]{32}(?:-[0-9])?(?![0-9A-Za-z])"),
    _token("docker-token", "dckr_", r"dckr_[op]at_[A-Za-z0-9_-]{20,}"),
    _token("digitalocean-token", "doo_v1_ dop_v1_ dor_v1_", r"do[opr]_v1_[0-9a-f]{40,}"),
    _token("wandb-key", "wandb_v1_", r"wandb_v1_[A-Za-z0-9_-]{30,}"),
    _token("replicate-token", "r8_", r"r8_[A-Za-z0-9]{30,}"),
    _token("groq-key", "gsk_", r"gsk_[A-Za-z0-9]{30,}"),
    _token("xai-key", "xai-", r"xai-[A-Za-z0-9]{30,}"),
    _token("perplexity-key", "pplx-", r"pplx-[A-Za-z0-9]{30,}"),
    _token("nvidia-key", "nvapi-", r"nvapi-[A-Za-z0-9_-]{30,}"),
    _token("langsmith-key", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{32}(?:_[0-9a-f]{6,})?"),
    _token("vault-token", "hvs. hvb.", r"hv[sb]\.[A-Za-z0-9_-]{20,}"),
    _token("age-key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{40,}"),
    _token("grafana-token", "glsa_ glc_", r"gl(?:sa|c)_[A-Za-z0-9+/=_]{30,}"),
    _token("telegram-token", ":AA", r"[0-9]{10}:AA[A-Za-z0-9_-]{30,}", back=10),
    _token("telegram-token", ":AA", r"[0-9]{9}:AA[A-Za-z0-9_-]{30,}", back=9),
    _token("azure-secret", "8Q~", r"[A-Za-z0-9_~.]{3}8Q~[A-Za-z0-9_~.-]{30,40}", back=3),
    Shape(
        "webhook-url",
        (
            *("hooks.slack.com/", "discord.com/api/", "discordapp.com/api/", "/webhookb2/"),
            *("/open-apis/bot/", "/robot/send?access_token=", "/cgi-bin/webhook/send?key="),
        ),
        r"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|"
        r"discord(?:app)?\.com/api/webhooks/|/webhookb2/|/open-apis/bot/v[12]/hook/|"
        r"/robot/send\?access_token=|/cgi-bin/webhook/send\?key=)([A-Za-z0-9/_@.-]{16,})",
        edge=False,
    ),
    Shape(
        "sentry-dsn",
        ("://",),
        r"://([0-9a-f]{32}(?::[0-9a-f]{32})?)@",
        edge=False,
    ),
    Shape(
        "url-password",
        ("://", r":\/\/"),
        r":(?://|\\/\\/)[^\s/:@\"'<>\\]{0,128}:([^\s/\"'<>\\]{1,512})@(?=[\w\[{$<])",
        sure=False,
        edge=False,
    ),
    Shape(
        "url-password",
        ("machine ",),
        r"machine\s{1,8}\S{1,200}\s{1,8}login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}(\S{1,512})",
        sure=False,
    ),
    Shape(
        "bearer",
        ("Bearer ", "bearer ", "BEARER "),
        r"[A-Za-z]{6} {1,4}((?=[A-Za-z._~+/=-]{0,60}[0-9])[A-Za-z0-9._~+/=-]{8,}"
        r"|[A-Za-z0-9._~+/=-]{20,})",
    ),
    Shape(
        "basic-auth",
        ("Basic ", "basic ", "BASIC "),
        r"[A-Za-z]{5} {1,4}([A-Za-z0-9+/_-]{6,}={0,2})",
    ),
)
"""In order of precision: where two match the same text, the first names the kind."""

_STEMS = sorted({stem for shape in SHAPES for stem in shape.stems} | {"-----BEGIN "})
_ANY_STEM = re.compile("|".join(map(re.escape, _STEMS)))
_SHORT = 4096
"""Up to here one search for any stem is quicker than one for each."""

_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{1,80}-----")
_BREAK = re.compile(r"(?:\\+[nr]|[\s\"',+-])*")
_BODY = re.compile(r"[A-Za-z0-9+/=]{24,}")
_NOT_KEY = re.compile(r"\\+[nr]|[^A-Za-z0-9+/=]")
_LONGEST_KEY = 20_000


def find_shapes(text: str) -> Iterator[Found]:
    """Every secret in `text` that has a shape, not in order and possibly overlapping."""
    if "=" in text:
        for match in _URL_PARAMETER.finditer(text):
            if not is_marker(match[1]):
                kind = shape_of(match[1]) or "url-param"
                yield Found(match.start(1), match.end(1), match[1], kind, sure=kind != "url-param")
    if len(text) <= _SHORT and not _ANY_STEM.search(text):
        return
    for shape in SHAPES:
        for stem in shape.stems:
            yield from _matches(shape, stem, text)
    if "-----BEGIN " in text:
        yield from _private_keys(text)


def shape_of(secret: str) -> str | None:
    """The kind of issued token that `secret` as a whole is, if any."""
    for found in find_shapes(secret):
        if found.sure and found.end - found.start == len(secret):
            return found.kind
    return None


def basic_password(encoded: str) -> str | None:
    """The password in the `user:password` that a Basic header encodes, else None."""
    padded = encoded.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        plain = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    _, colon, password = plain.partition(":")
    return password if colon and plain.isprintable() else None


def _matches(shape: Shape, stem: str, text: str) -> Iterator[Found]:
    hit = text.find(stem)
    if hit < 0:
        return
    group = min(shape.pattern.groups, 1)
    while hit >= 0:
        end = hit + len(stem)
        start = hit - shape.back
        match = shape.pattern.match(text, start) if start >= 0 else None
        if match and (not shape.edge or _at_edge(text, start)):
            end = max(end, match.end(group))
            yield from _found(shape, match, group)
        hit = text.find(stem, end)


def _found(shape: Shape, match: re.Match[str], group: int) -> Iterator[Found]:
    secret = match[group]
    if is_marker(secret):
        return
    if shape.kind == "basic-auth":
        password = basic_password(secret)
        if password is None:
            return
        if password:
            # never at its own place: it only has to be known
            yield Found(match.start(1), match.start(1), password, KEY_NAME, sure=False)
    yield Found(match.start(group), match.end(group), secret, shape.kind, shape.sure)


def _at_edge(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    if not (before.isascii() and before.isalnum()):
        return True
    return _ESCAPE.search(text, max(0, start - 10), start) is not None


def _private_keys(text: str) -> Iterator[Found]:
    done = 0
    for begin in _BEGIN.finditer(text):
        if begin.start() < done:
            continue
        dashes = text.find("-----END", begin.end(), begin.end() + _LONGEST_KEY)
        end = _END.match(text, dashes) if dashes >= 0 else None
        done = end.end() if end else _torn_end(text, begin.end())
        inner = text[begin.end() : end.start() if end else done]
        body = _NOT_KEY.sub("", inner)
        yield Found(begin.start(), done, body or begin[0], "private-key", sure=bool(body))


def _torn_end(text: str, pos: int) -> int:
    """Where the lines of a private key without an end line stop."""
    for _ in range(_LONGEST_KEY // 24):
        gap = _BREAK.match(text, pos)
        line = _BODY.match(text, gap.end() if gap else pos)
        if line is None:
            break
        pos = line.end()
    return pos
