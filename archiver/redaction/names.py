"""Which key names hold secrets.

A name is split into words (`hubToken`, `HUB_TOKEN`, `--hub-token`, `trainer.hub_token` are all
`hub token`) and judged by them. `SURE` names hold a secret whatever the value. `MAYBE` names
(`token`, `session`, an unknown `*_token`) also name harmless things such as vocabulary entries,
so their value has to look like a secret too.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache

MAX_NAME = 200
"""Longer key names are judged by their end."""


class Rule(enum.IntEnum):
    """What a key name says about its value."""

    NO = 0
    MAYBE = 1
    SURE = 2


STEMS = (
    *("pass", "secret", "token", "key", "auth", "cookie", "cred", "sas", "bearer", "webhook"),
    *("jwt", "connection", "session", "_pat", "pw"),
    *("密码", "口令", "密钥"),
)
"""Every name that is not `NO` contains one of these, lower case: a cheap first look."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_ALWAYS = _words(
    "secret secrets password passwords passwd passphrase passcode credential credentials creds"
)
"""Secret wherever they stand in a name, unless its last word is one of `_ABOUT`."""

_LAST = _words("auth oauth authorization cookie cookies bearer jwt sas webhook apikey apikeys")
"""Secret as the last word of a name."""

_JOINED = (
    *("password", "passwd", "passphrase", "apikey", "secretkey", "accesskey", "privatekey"),
    *("authtoken", "accesstoken", "apitoken", "refreshtoken", "sessiontoken", "bearertoken"),
    *("hftoken", "hubtoken", "githubtoken", "gitlabtoken", "clientsecret", "connectionstring"),
    *("authkey", "sshpass"),
)
"""Ends of single words that were never split (`PGPASSWORD`, `myapikey`)."""

_SERVICES = _words(
    "hf huggingface openai ai anthropic google gcp azure aws wandb comet neptune mlflow clearml"
    " swanlab langsmith langfuse cohere groq together replicate deepseek dashscope zhipu moonshot"
    " nvidia ngc kaggle github gitlab gitea slack discord telegram feishu lark dingtalk wecom"
    " tavily serper serpapi pinecone databricks snowflake stripe twilio sendgrid datadog sentry"
    " modelscope volc dagshub vault npm pypi docker ngrok cloudflare jupyter openrouter fireworks"
    " xai tinker lambdalabs runpod vast weights"
)
"""Makers whose `*_key` and `*_token` are credentials."""

_KEY_OF = _SERVICES | _words(
    "api access private account encryption encrypt decryption signing sign hmac rsa ssh gpg"
    " license licence subscription master storage shared service client app deploy session auth"
    " bot webhook management"
)
_TOKEN_OF = _SERVICES | _words(
    "api access auth oauth authorization authentication refresh session bearer secret hub gh git"
    " ms bot sas csrf xsrf jwt personal private deploy registry service admin login webhook"
    " tracking tracker security user upload write read client account"
)
_TOKENS_OF = _words("api access auth oauth refresh bearer hf hub github gitlab secret")
_GIT = _words("gh github gitlab git azure bitbucket ado devops")
_ACCOUNT = _words(
    "db database user smtp mail email ftp sftp proxy redis mysql pg postgres postgresql mongo"
    " admin root login account sudo http https basic my"
)
_SPECIAL = _words(
    "pad eos bos unk sep cls mask special additional image video audio vision text start end im"
    " stop prefix suffix middle first last next prev previous new old max min num input output"
    " prompt response tool think reasoning boi eoi eot box ref object point patch query label"
    " target source decoder encoder forced language lang speaker per vocab added reserved dummy"
    " placeholder separator newline whitespace completion context fim frame sentinel extra"
    " media img"
)
"""Words before `token` that make it a tokenizer's special token."""

_ABOUT = _words(
    "file files path paths dir dirs directory folder env envs envvar var vars variable variables"
    " name names type types method mode url uri host port endpoint domain issuer audience scope"
    " scopes user username users email count counts len length limit size expiry expires"
    " expiration expired ttl age id ids hash hashes digest sha md checksum fingerprint arn policy"
    " required enabled disabled timeout provider class scheme format version prefix suffix field"
    " fields column num max min level manager store helper backend strategy handler loader regex"
    " pattern patterns rotation present exists valid status error message msg hint prompt help"
    " description doc docs location region source service app module func function callback index"
    " position acc accuracy rate loss score embedding embeddings map ratio filter filters"
    " cache config login usage total json"
    " yaml yml toml txt py pem ini cfg conf csv sh log"
)
"""A last word that makes a name speak about a secret instead of being one."""

_PHRASES = frozenset(
    {
        *(("connection", "string"), ("sas", "url"), ("sas", "uri")),
        *(("webhook", "url"), ("webhook", "uri"), ("application", "credentials")),
    }
)
_NEUTRAL = _words("value string str raw plain plaintext header old new current default")
"""Last words that change nothing (`api_key_value`)."""

_MANY = _words("secrets secret credentials credential creds passwords cookies tokens keys")
_FOREIGN = ("密码", "口令", "密钥")


@lru_cache(maxsize=16384)
def classify(name: str) -> Rule:
    """What the key `name`, in any style, says about its value."""
    if any(word in name for word in _FOREIGN):
        return Rule.SURE
    words = _split(name)
    if _is_phrase(words):
        return Rule.SURE
    words = _trim(words)
    if not words:
        return Rule.NO
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _ABOUT:
        return Rule.NO
    if last in _LAST or not _ALWAYS.isdisjoint(words) or last.endswith(_JOINED):
        return Rule.SURE
    return _by_last_word(last, before)


@lru_cache(maxsize=4096)
def holds_many(name: str) -> bool:
    """Whether a mapping under this name has secrets as values, whatever their own names."""
    words = _trim(_split(name))
    return bool(words) and words[-1] in _MANY and classify(name) is Rule.SURE


@lru_cache(maxsize=4096)
def speaks_about(name: str) -> bool:
    """Whether an entry of a mapping of secrets is no secret (`credentials: {region: us}`)."""
    words = _trim(_split(name))
    return bool(words) and words[-1] in _ABOUT


def _split(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _SPLIT.findall(name[-MAX_NAME:]))


def _trim(words: tuple[str, ...]) -> tuple[str, ...]:
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _NEUTRAL):
        words = words[:-1]
    return words


def _is_phrase(words: tuple[str, ...]) -> bool:
    """Names that only count as a whole, although they end in a word of `_ABOUT`."""
    return words[-3:] == ("access", "key", "id") or words[-2:] in _PHRASES


def _by_last_word(last: str, before: str) -> Rule:
    match last:
        case "key" | "keys":
            return Rule.SURE if before in _KEY_OF else Rule.NO
        case "token":
            if before in _SPECIAL:
                return Rule.NO
            return Rule.SURE if before in _TOKEN_OF else Rule.MAYBE
        case "tokens":
            return Rule.SURE if before in _TOKENS_OF else Rule.NO
        case "pat":
            return Rule.SURE if before in _GIT else Rule.NO
        case "pass" | "pwd" | "pw":
            if before in _ACCOUNT:
                return Rule.SURE
            return Rule.NO if before else Rule.MAYBE
        case "session":
            return Rule.NO if before else Rule.MAYBE
        case _:
            return Rule.NO
