"""Secrets in free text that only the name before them betrays.

`key: value`, `key = value`, `"key": "value"` at any depth of escaping, `--flag value`,
`['--flag', 'value']`, argparse's dotted prints, lists and mappings under such a key, YAML blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from archiver.redaction.flow import Flows
from archiver.redaction.names import STEMS, Rule, classify, holds_many
from archiver.redaction.shapes import KEY_NAME, Found, shape_of
from archiver.redaction.spans import block_span, bracket_spans, line_span, nested_spans
from archiver.redaction.strings import MAX_VALUE, Span, quoted_span
from archiver.redaction.worth import MARKER, looks_secret, stays

_MAX_PREFIX = 400
_NAME_CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.密码口令钥"
_NAME_REST = re.compile(r"(?P<rest>[\w.-]{0,64})(?P<separated>[ \t\"'\\\]]{0,20}(?:[:=]|\.{3}))?")
_CONSTANT = re.compile(
    r"""["']?:[ ]{0,4}(?:null|None|true|false|True|False|""|''|[0-9]{1,20}(?:\.[0-9]{1,20})?)"""
    r"(?=[\s,}])"
)
_QUOTED_NAME = re.compile(r'"([\w.-]{1,64})"(?=[ ]?:)')
_LONG_TEXT = 1 << 20
_LONG_WORD = 512
"""A value longer than this that is no secret is not searched for names, so as to stay linear."""
_AFTER = re.compile(
    r"""(?:\\*["'])?\]?[ \t]{0,16}
    (?::[ \t]{0,4}(?:Optional\[)?(?:str|bytes|SecretStr)\]?(?:[ ]?\|[ ]?None)?[ \t]{0,4}(?==))?
    (?:(?P<assign>=>|:=|=(?!=))|(?P<colon>:(?!//|:))|(?<=[ \t])\.{3,200}(?=[ \t]))
    (?P<space>[ \t]{0,256})""",
    re.VERBOSE,
)
_AFTER_FLAG = re.compile(
    r"""(?:\\*["'])?[ \t]{0,4},\s{0,200}(?=\\*["'])
      |[ \t]{1,16}(?:\\\r?\n[ \t]{0,64})?(?![ \t\r\n,])
      |(?:["'])?[ \t]{0,16}\r?\n[+ ]?[ \t]{0,64}-[ ](?!["']?--)""",
    re.VERBOSE,
)
_BARE = re.compile(
    r"""(?:(?:Bearer|Basic|Token|ApiKey|Digest)[ \t]{1,4})?(?:
    <[^<>\s"']{1,80}>|[^\s"'\\&;,)\]}<]
    |[)\]}](?![\s,;:)\]}"'\\]|\Z)
    |,(?![\s"'\\]|\Z|[A-Za-z_][\w.-]{0,64}[=:])
    |<(?![/<]))+""",
    re.VERBOSE | re.IGNORECASE,
)
_MARKED = re.compile(MARKER.pattern + r"""(?=[\s"'\\&;,)\]}<]|\Z)""")
_ANCHOR = re.compile(r"[+\- ]?[ \t]*(?:(?:#|//|;)[ \t]*)?(?:-[ ]+)*(?:(?:export|set|ENV)[ \t]+)?")
_DECORATION = re.compile(r"(?:&[\w-]{1,64}[ \t]+|![\w!:/.-]{0,64}[ \t]+){1,2}")
_ALIAS = re.compile(r"\*[\w-]{1,64}\s*")
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey|Digest|Key)[ \t]{1,4}(?=\S)", re.IGNORECASE)
_CODE = re.compile(
    r"\$\(|`|%[srd]\Z|(?:await )?[A-Za-z_][\w.]{0,200}[(\[]|"
    r"(?:self|args|cfg|config|conf|os|opts?|options|settings|hparams|FLAGS|env|kwargs)\.[a-zA-Z_]"
)
_TYPE = re.compile(r"(?:Optional|Union|str|bytes|bool|int|float|Any|SecretStr)(?=[\[ ,)|=]|\Z)")
_REAL_QUOTE = re.compile(r'\\.|"', re.DOTALL)


class _Place(NamedTuple):
    """Where a name starts and ends, where its value starts, whether it opens its line."""

    start: int
    end: int
    value: int
    anchored: bool


class _Cursor:
    """Whether a place of the text is inside a double-quoted string of its line."""

    __slots__ = ("_pos", "flows", "inside", "line", "scanned", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.flows = Flows(text)
        self.line = 0
        self.inside = False
        # up to here lists and mappings have been followed: nested ones are not followed again
        self.scanned = 0
        self._pos = 0

    def move(self, pos: int) -> None:
        """Go on to `pos`: every character is looked at once, however long the line."""
        if pos <= self._pos:
            return
        line = self.text.rfind("\n", self._pos, pos) + 1
        if line:
            self.line = self._pos = line
            self.inside = False
        quotes = self.text.count('"', self._pos, pos)
        if quotes and self.text.find("\\", self._pos, pos) >= 0:
            between = _REAL_QUOTE.finditer(self.text, self._pos, pos)
            quotes = sum(match[0] == '"' for match in between)
        self.inside ^= bool(quotes % 2)
        self._pos = pos

    def anchored(self, start: int) -> bool:
        """Whether the name at `start` is the first thing on its line."""
        line = self.text.rfind("\n", max(0, start - _MAX_PREFIX), start) + 1
        if not line and start > _MAX_PREFIX:
            return False
        return _ANCHOR.fullmatch(self.text, line, start) is not None


def find_fields(text: str) -> Iterator[Found]:
    """Every value in `text` that the name before it makes a secret, in order."""
    if not ("=" in text or ":" in text or "--" in text or "..." in text):
        return
    cursor = _Cursor(text)
    harmless: set[str] = set()
    done = 0
    for start, end in _names(text):
        written = text[start:end]
        if start < done or written in harmless:
            continue
        name, rule = _judge_name(text, start, end)
        if rule is Rule.NO:
            if text[start - 1 : start] not in (" ", "\\"):
                harmless.add(written)
            continue
        if _CONSTANT.match(text, end):
            continue
        for span in _values(cursor, start, end, name):
            found = _judge_value(span, rule)
            if found:
                yield found
            if found or span.end - span.start > _LONG_WORD:
                done = max(done, span.end)


def _names(text: str) -> Iterator[tuple[int, int]]:
    """The start and end of each word that may be a secret's name and has a value after it."""
    # the one letter whose lower case is longer would shift every place after it
    lowered = _without_harmless(text).replace("\u0130", "i").lower()
    stems = [stem for stem in STEMS if stem.isascii() or not text.isascii()]
    hits = [hit for stem in stems for hit in _occurrences(lowered, stem)]
    done = 0
    for hit in sorted(hits):
        if hit < done:
            continue
        name = _NAME_REST.match(text, hit)
        if name is None:
            continue
        done = name.end("rest")
        head = text[max(0, hit - 64) : hit]
        if name["separated"] is not None or "--" in head:
            yield hit - len(head) + len(head.rstrip(_NAME_CHARS)), name.end("rest")


def _without_harmless(text: str) -> str:
    """A long text of records, the harmless keys of its first records blanked out, for speed."""
    if len(text) < _LONG_TEXT:
        return text
    names = dict.fromkeys(_QUOTED_NAME.findall(text, 0, 1 << 16))
    for name in list(names)[:64]:
        if any(stem in name.lower() for stem in STEMS) and classify(name) is Rule.NO:
            text = text.replace(f'"{name}"', '"' + "\0" * len(name) + '"')
    return text


def _occurrences(text: str, stem: str) -> Iterator[int]:
    hit = text.find(stem)
    while hit >= 0:
        yield hit
        hit = text.find(stem, hit + len(stem))


def _judge_name(text: str, start: int, end: int) -> tuple[str, Rule]:
    """The name and what it says; it may stand after an escaped line break or in prose."""
    name = text[start:end].rstrip(".-")
    rule = classify(name)
    if rule is not Rule.SURE and text[start - 1 : start] == "\\" and name[:1] in "nrt":
        name = name[1:]
        rule = classify(name)
    if rule is Rule.NO and name.lower() == "key":
        before = text[max(0, start - 7) : start].lower()
        if before.endswith(("api ", "access ", "secret ", "private ")):
            rule = Rule.MAYBE
    return name, rule


def _values(cursor: _Cursor, start: int, end: int, name: str) -> Iterator[Span]:
    """The values that belong to the name between `start` and `end`."""
    text = cursor.text
    after = _AFTER.match(text, end)
    if after is None:
        if text.startswith("--", start) and (after := _AFTER_FLAG.match(text, end)):
            yield from _flag_value(cursor, after.end(), name)
        return
    pos = after.end()
    if after["colon"] and (decoration := _DECORATION.match(text, pos)):
        pos = decoration.end()
    cursor.move(pos)
    if text[start - 1 : start] == text[end : end + 1] == '"':
        cursor.inside = False  # the quotes around a key are sure, whatever came before
    anchored = cursor.anchored(start)
    if _MARKED.match(text, pos):
        return
    if text[pos : pos + 1] in ("[", "{"):
        yield from _container(cursor, pos, name)
    elif after["colon"] and anchored and (block := block_span(text, start, pos)):
        yield block
    elif after["colon"] and anchored and text[pos : pos + 1] in ("\n", "\r", ""):
        yield from _nested(cursor, start, pos, name)
    else:
        yield from _single(cursor, _Place(start, end, pos, anchored), name, after)


def _single(cursor: _Cursor, place: _Place, name: str, after: re.Match[str]) -> Iterator[Span]:
    """The one value that follows a name: in quotes, up to the end of its line, or one word."""
    text, pos = cursor.text, place.value
    key_quoted = text[place.end : place.end + 1] in ('"', "'", "\\")
    span = quoted_span(
        text,
        pos,
        inside=cursor.inside,
        margin=place.start if place.anchored else None,
        certain=place.anchored or key_quoted,
    )
    if span is not None:
        yield span
        return
    colon = bool(after["colon"])
    scalar = cursor.flows.bare_at(pos) if colon and not cursor.inside else None
    if scalar:
        span = Span(pos, scalar.end, text[pos : scalar.end], bare=True)
    elif place.anchored and not key_quoted and after["space"] and (colon or after["assign"]):
        span = line_span(text, pos, place.start if colon else None)
    else:
        span = _bare(cursor, pos)
    if span is None or (colon and _ALIAS.fullmatch(span.text)):
        return
    code = _is_code(span.text, name, colon=colon and not key_quoted)
    yield span._replace(text="") if code else span


def _flag_value(cursor: _Cursor, pos: int, name: str) -> Iterator[Span]:
    cursor.move(pos)
    if _MARKED.match(cursor.text, pos):
        return
    span = quoted_span(cursor.text, pos, inside=cursor.inside, margin=None, certain=True)
    span = span or _bare(cursor, pos)
    if span is None or (span.bare and span.text.startswith("-")):
        return
    shown = span.text.isupper() and span.text.isidentifier()
    if not (shown and name.upper().replace("-", "_").endswith(span.text)):
        yield span


def _container(cursor: _Cursor, pos: int, name: str) -> Iterator[Span]:
    many = holds_many(name)
    if pos >= cursor.scanned and (cursor.text[pos] == "[" or many):
        for span in bracket_spans(cursor.text, pos, inside=cursor.inside, many=many):
            cursor.scanned = max(cursor.scanned, span.end)
            yield span


def _nested(cursor: _Cursor, start: int, pos: int, name: str) -> Iterator[Span]:
    if pos >= cursor.scanned:
        for span in nested_spans(cursor.text, start, pos, many=holds_many(name)):
            cursor.scanned = max(cursor.scanned, span.end)
            yield span


def _bare(cursor: _Cursor, pos: int) -> Span | None:
    if cursor.text[pos : pos + 1] in ("'", '"'):
        pos += 1  # a quote that nothing closes
    match = _BARE.match(cursor.text, pos, pos + MAX_VALUE)
    return Span(pos, match.end(), match[0], bare=True) if match else None


def _is_code(value: str, name: str, *, colon: bool) -> bool:
    """Whether an unquoted value is source code (`os.environ[...]`, `token=token`, `: str`)."""
    if colon:
        return _TYPE.match(value) is not None
    own = name.rpartition(".")[2].lstrip("-")
    return _CODE.match(value) is not None or value.rpartition(".")[2] == own


def _judge_value(span: Span, rule: Rule) -> Found | None:
    text = span.text.strip()
    if stays(text.rstrip(",") if span.bare else text, bare=span.bare):
        return None
    if rule is Rule.MAYBE and not looks_secret(text):
        return None
    secret = without_scheme(text)
    kind = shape_of(secret)
    return Found(span.start, span.end, secret, kind or KEY_NAME, sure=kind is not None)


def without_scheme(text: str) -> str:
    """The credential of an `Authorization` value: without `Bearer`, `Basic`, ..."""
    scheme = _SCHEME.match(text)
    return text[scheme.end() :] if scheme else text
