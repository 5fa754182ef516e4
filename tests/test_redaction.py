"""Redaction: secrets go from everywhere, what looks like one stays, files stay what they are.

Every secret here is a fake, put together at run time so that no scanner takes it for a real one.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import random
import shlex
import subprocess
import tomllib
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model.claims import Location
from archiver.model.values import Tagged, Value
from archiver.redaction import MAX_PROPAGATED, Redactor, SecretGatherer
from archiver.redaction.names import Rule, classify
from archiver.redaction.worth import is_doubtful, propagates

HF = "hf_" + "A" * 34
PASSWORD = "Zx9-" + "plainSecret" + ".77"
PEM = (
    "-----BEGIN RSA "
    "PRIVATE KEY-----\n" + ("Mb4/" * 16 + "\n") * 3 + "-----END RSA " + ("PRIVATE KEY-----")
)
B64 = base64.urlsafe_b64encode

SECRETS = {
    "hugging face": ("note", HF),
    "hugging face organisation": ("note", "api_" + "org_" + "aB3d" * 9),
    "openai": ("note", "sk-" + "aB3d" * 12),
    "openai project": ("note", "sk-" + "proj-" + "aB3-_dEf" * 8),
    "anthropic": ("note", "sk-" + "ant-api03-" + "aB3-_dEf" * 8),
    "github": ("note", "ghp" + "_" + "aB3d" * 9),
    "github app": ("note", "gho" + "_" + "aB3d" * 9),
    "github fine-grained": ("note", "github" + "_pat_" + "aB3d_" * 12),
    "gitlab": ("note", "glp" + "at-" + "aB3dEfGhIjKlMnOpQrSt"),
    "aws id": ("note", "AKIA" + "ABCDEFGH23456789"),
    "aws session id": ("note", "ASIA" + "ABCDEFGH23456789"),
    "aws secret": ("AWS_SECRET_ACCESS_KEY", "wJal/" + "K7MDENG+bPxRfiCY" + "kEyAbCdEfGhIj123456"),
    "slack": ("note", "xox" + "b-" + "1234567890-" + "aB3dEfGhIjKl"),
    "jwt": ("note", ".".join(["eyJ" + "hbGciOiJIUzI1NiJ9", "eyJzdWIiOiJhIn0", "sig-_" * 6])),
    "npm": ("note", "npm" + "_" + "aB3d" * 9),
    "pypi": ("note", "pypi-" + "AgEIcHlwaS5vcmc" + "aB3d" * 12),
    "google": ("note", "AI" + "za" + "SyA-b_" + "aB3d" * 8),
    "google oauth": ("note", "ya" + "29." + "aB3d-_" * 8),
    "stripe": ("note", "sk" + "_live_" + "aB3d" * 6),
    "telegram": ("note", "123456789" + ":AA" + "aB3d-" * 7),
    "sendgrid": ("note", "S" + "G." + "aB3d" * 5 + "." + "aB3d" * 10),
    "databricks": ("note", "da" + "pi" + "0a1b" * 8),
    "replicate": ("note", "r" + "8_" + "aB3d" * 9 + "x"),
    "groq": ("note", "gs" + "k_" + "aB3d" * 12),
    "docker": ("note", "dckr" + "_pat_" + "aB3d-_" * 5),
    "langsmith": ("note", "lsv2" + "_pt_" + "0a1b" * 8 + "_" + "0a1b2c3d4e"),
    "alibaba": ("note", "LT" + "AI" + "5tAbCdEfGhIjKlMnOpQr"),
    "azure": ("note", "abc" + "8Q~" + "aB3d_" * 7),
    "wandb": ("wandb_api_key", "0a1b2c3d4e" * 4),
    "password": ("db_password", PASSWORD),
    "short password": ("smtpPassword", "tr0ub"),
    "placeholder": ("hub-token", "<YOUR_TOKEN>"),
    "sas": ("azure.sas_token", "sv=2020&sig=" + "aB3d%2F" * 6),
    "cookie": ("Cookie", "sessionid=" + "aB3d" * 6),
    "odd characters": ("secret", "q\"u\\o'te " + "ünd" + " sp4ce!"),
}
PLAIN = {name: pair for name, pair in SECRETS.items() if name != "odd characters"}


def redactor(*texts: str) -> Redactor:
    gatherer = SecretGatherer()
    for index, text in enumerate(texts):
        gatherer.text(text, f"f{index}")
    return gatherer.finish()


def cleaned(text: str) -> str:
    return redactor(text).document(text)


def parsed_python(text: str) -> Any:
    return ast.literal_eval(text)


def parsed_shell(text: str) -> Any:
    return shlex.split(text)


def parsed_patch(text: str) -> Any:
    done = subprocess.run(
        ["git", "apply", "--numstat", "-"], input=text.encode(), capture_output=True, check=True
    )
    assert done.stdout.split()[:2] == [b"1", b"1"]
    return text


def yaml_plain(key: str, secret: str) -> str:
    return f"before: 1\n{key}: {secret}\nafter: [2]\n"


def yaml_quoted(key: str, secret: str) -> str:
    single = secret.replace("'", "''")
    return f"before: 1\n{key}: '{single}'  # why\nitems:\n- {key}: {json.dumps(secret)}\n"


def json_value(key: str, secret: str) -> str:
    return json.dumps({"a": [1, {key: secret}], "b": None}, indent=1)


def json_in_string(key: str, secret: str) -> str:
    return json.dumps({"line": "x\n" + json.dumps({key: secret, "n": 1}) + "\nend"})


def env_line(key: str, secret: str) -> str:
    name = key.replace(".", "_").replace("-", "_")
    return f"export A=1\nexport {name}={shlex.quote(secret)}\n"


def command_line(key: str, secret: str) -> str:
    return f"python train.py --lr 1e-4 --{key} {shlex.quote(secret)} --bf16"


def url(_: str, secret: str) -> str:
    return f"GET https://host.example/x?a=1&access_token={quote(secret, safe='')}&b=2 200\n"


def log_line(key: str, secret: str) -> str:
    return f"2024-05-01 12:00:00,123 INFO trainer: using {key}={json.dumps(secret)} (step 5)\n"


def python_repr(key: str, secret: str) -> str:
    return repr({"lr": 1e-4, key: secret, "argv": ["--" + key, secret]})


def patch(key: str, secret: str) -> str:
    value = json.dumps(secret)
    head = "diff --git a/c.yaml b/c.yaml\n--- a/c.yaml\n+++ b/c.yaml\n@@ -1,2 +1,2 @@\n"
    return f"{head} lr: 1\n-{key}: {value}\n+{key}: {value} \n"


PLACES: dict[str, tuple[Callable[[str, str], str], Callable[[str], Any]]] = {
    "YAML quoted": (yaml_quoted, yaml.safe_load),
    "JSON": (json_value, json.loads),
    "JSON in a JSON string": (json_in_string, json.loads),
    "environment": (env_line, parsed_shell),
    "arguments": (command_line, parsed_shell),
    "URL": (url, str),
    "log": (log_line, str),
    "Python repr": (python_repr, parsed_python),
    "patch": (patch, parsed_patch),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SECRETS)
def test_planted_secret_is_gone_and_the_text_still_parses(name: str, place: str) -> None:
    """Each shape in each place is found there alone, and the file stays valid."""
    write, parse = PLACES[place]
    key, secret = SECRETS[name]
    text = write(key, secret)
    clean = cleaned(text)
    assert "[redacted:" in clean
    for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe="")):
        assert form not in clean
    assert clean.count("\n") == text.count("\n")
    parse(clean)


@pytest.mark.parametrize("name", PLAIN)
def test_bare_yaml_scalar_becomes_a_quoted_string(name: str) -> None:
    """A marker in place of a bare scalar would open a list, so it is quoted."""
    key, secret = SECRETS[name]
    clean = yaml.safe_load(cleaned(yaml_plain(key, secret)))
    assert clean["before"] == 1
    assert clean["after"] == [2]
    assert clean[key].startswith("[redacted:")
    assert secret not in clean[key]


@pytest.mark.parametrize(
    "text",
    [
        f"argv: [python, train.py, --hf_token={HF}, {HF}]\n",
        f"cmd: python x --token {HF} # {HF}\n",
        f"- {HF}\n- a: {HF} it's\n",
        f"a: {{b: {HF}, c: '{HF}', d: [1, {HF}]}}\n",
        f"hub_token: &anchor {HF}\nb: *anchor\n",
        f"hub_token:\n- {HF}\n- x\n",
        f"text: |\n  export HF_TOKEN={HF}\n  next\nb: 1\n",
        "argv: [python,\n  --password, hunter2x, --lr, 1e-4,\n  --password=hunter2x]\n",
    ],
)
def test_yaml_forms_stay_valid(text: str) -> None:
    """Flow lists, anchors, comments, blocks: same structure, no secret."""
    clean = cleaned(text)
    before, after = yaml.safe_load(text), yaml.safe_load(clean)
    assert HF not in clean
    assert "hunter2x" not in clean
    assert json.loads(shape(before)) == json.loads(shape(after))


def shape(value: Any) -> str:
    """The structure of a value, its strings left out."""
    if isinstance(value, dict):
        return json.dumps({key: json.loads(shape(item)) for key, item in value.items()})
    if isinstance(value, list):
        return json.dumps([json.loads(shape(item)) for item in value])
    return json.dumps("text" if isinstance(value, str) else value)


def test_toml_and_python_source_stay_valid() -> None:
    """Assignments with quotes and calls with bare arguments parse afterwards."""
    toml = f"hub_token = \"{HF}\"\n[db]\npassword = 'pw one'\n"
    assert tomllib.loads(cleaned(toml))["db"]["password"].startswith("[redacted:key-name:")
    source = "login(password=pw, token=None)\napi_key: str = 'abc'\nsecret = load('x')\n"
    clean = cleaned(source)
    ast.parse(clean)
    assert "secret = load('x')" in clean
    assert "'abc'" not in clean


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"private": PEM}),
        "k: |\n  " + PEM.replace("\n", "\n  ") + "\nb: 1\n",
        "k: " + json.dumps(PEM) + "\nb: 1\n",
        PEM,
        "+" + PEM.replace("\n", "\n+"),
        "-" + PEM.replace("\n", "\n-"),
        PEM[: PEM.index("-----END")],
    ],
)
def test_private_key_blocks_keep_their_lines(text: str) -> None:
    """A key of many lines goes whole, escaped or not, torn or not; the line count stays."""
    clean = cleaned(text)
    assert "Mb4/" not in clean
    assert "[redacted:private-key:1]" in clean
    assert clean.count("\n") == text.count("\n")
    if text.startswith("k:"):
        assert yaml.safe_load(clean)["b"] == 1
    if text.startswith("{"):
        assert json.loads(clean) == {"private": "[redacted:private-key:1]"}
    prefix = text[0] if text[0] in "+-" and text[1] == "-" and not text.startswith("--") else ""
    assert all(line.startswith(prefix) for line in clean.splitlines())


def innocents() -> list[str]:
    """Digests, ids and the like: two hundred, and some written by hand."""
    rng = random.Random(7)  # noqa: S311
    found: list[str] = []
    for index in range(40):
        seed = str(index).encode()
        found += [
            hashlib.sha256(seed).hexdigest(),
            hashlib.sha1(seed, usedforsecurity=False).hexdigest(),
            hashlib.md5(seed, usedforsecurity=False).hexdigest(),
            str(uuid.UUID(bytes=rng.randbytes(16))),
            "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8)),
        ]
    return [
        *found,
        *("<|im_end|>", "<s>", "run-20240501_120000-ab12cd34", "Qwen/Qwen2.5-7B-Instruct"),
        *("checkpoint-1000", "sk-learn-based-classifier", "hf_home", "hf_transformers_generation"),
        *(
            "task-aware-distillation-with-2-Teachers",
            "s3://bucket/key/x.json",
            "git@host:org/x.git",
        ),
        *("https://host/a?next_token=5000&x=1", "https://host:8080/x@y", "basic authentication"),
        *("sha256-" + B64(hashlib.sha256(b"x").digest()).decode(), "Bearer of bad news"),
    ]


@pytest.mark.parametrize("key", ["commit", "sha256", "run_id", "id", "wandb_run_id", "etag"])
def test_digests_and_ids_survive(key: str) -> None:
    """What looks random but is no secret stays, alone, in YAML, JSON and logs."""
    values = innocents()
    assert len(values) >= 200
    lines = [f"{key}: {value}" for value in values] + [f"{key}={value} ok" for value in values]
    text = "\n".join([*lines, json.dumps({key: values})])
    tool = redactor(text, HF)
    assert tool.document(text) == text
    assert [tool.text(value) for value in values] == values
    assert tool.value({key: list(values)}) == {key: values}


HARMLESS: dict[str, Value] = {
    **{f"{word}_token": f"<{word}>" for word in ("pad", "eos", "bos", "unk", "image", "sep")},
    **dict.fromkeys(("tokenizer", "tokenizer_name", "author", "authored", "key"), "plain"),
    **dict.fromkeys(("keys", "sort_key", "primary_key", "model_author", "monkey"), "plain"),
    **dict.fromkeys(("session_id", "token_id", "secret_name", "auth_type"), "8f3a9c0b1d2e4f5a"),
    **dict.fromkeys(("token_acc", "max_new_tokens", "num_input_tokens_seen", "hub_token"), 17),
    **dict.fromkeys(("tokens_per_sec", "token_accuracy", "pass@1", "password", "secret"), 0.5),
    **dict.fromkeys(("use_auth_token", "TOKENIZERS_PARALLELISM", "skip_special_tokens"), True),
    **dict.fromkeys(("hf_token", "push_to_hub_token", "api_key", "auth")),
    **dict.fromkeys(("wandb_api_key", "credentials", "cookie"), ""),
    **dict.fromkeys(("HF_TOKEN", "access_token"), "None"),
    "new_special_tokens": ["<a>", "<b>"],
    "additional_special_tokens": "<|im_start|>,<|im_end|>",
    "image_token_id": 151655,
    "token": "Hello",
    "tokens": ["The", "secret"],
    "password_file": "/etc/pw",
    "key_path": "/home/me/key",
    "next_token": "GPT4Model",
}


def test_hyper_parameters_survive() -> None:
    """Token counts, tokenizers, keys of dictionaries, and constants under secret names stay."""
    text = yaml.safe_dump(HARMLESS)
    as_json = json.dumps(HARMLESS, indent=1)
    namespace = f"Namespace({', '.join(f'{key}={item!r}' for key, item in HARMLESS.items())})"
    tool = redactor(text, as_json, namespace)
    assert tool.hits == ()
    assert tool.value(HARMLESS) == HARMLESS
    assert [tool.document(part) for part in (text, as_json, namespace)] == [
        text,
        as_json,
        namespace,
    ]


NAMES = """
password passwd db_pass MYSQL_PWD PGPASSWORD pwd.password password2 passphrase
secret secrets client-secret secret_key credentials GOOGLE_APPLICATION_CREDENTIALS
apiKey APIKEY x-api-key api_keys api_key_value access_key accessKeyId AWS_SECRET_ACCESS_KEY
WANDB_API_KEY wandbApiKey OPENAI_API_KEY privateKey ssh_key encryption_key
auth Authorization Proxy-Authorization Set-Cookie bearer jwt
HF_TOKEN --hf-token hubToken trainer.hub_token session_token aws_session_token ms_token
oauth_token csrf_token github_pat sas sas_token connection_string
AZURE_STORAGE_CONNECTION_STRING webhook_url slack_webhook
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_secret_names_in_every_style(name: str) -> None:
    """Snake, camel, kebab, dotted, upper case and flags name the same secrets."""
    assert classify(name) is Rule.SURE
    assert SecretGatherer().finish().value({name: "x y"}) == {name: "[redacted:key-name:0]"}


def test_uncertain_names_need_a_value_that_looks_secret() -> None:
    """A bare `token` also names vocabulary; only what looks random under it goes."""
    secret = "aB3d" * 5
    value: Value = {"token": secret, "x": [{"token": "the"}, {"my_token": secret}]}
    gatherer = SecretGatherer()
    gatherer.value(value, "f")
    assert gatherer.finish().value(value) == {
        "token": "[redacted:key-name:1]",
        "x": [{"token": "the"}, {"my_token": "[redacted:key-name:1]"}],
    }


def test_a_secret_found_once_goes_everywhere() -> None:
    """One file names it; another has it in a word, a URL, JSON, base64 and a Basic header."""
    odd = 'p4"ss/w\\rd+' + "é1"
    gatherer = SecretGatherer()
    gatherer.value({"db": {"password": odd}}, "a.json")
    tool = gatherer.finish()
    inner = json.dumps(odd)
    forms = [
        f"x{odd}y",
        quote(odd, safe=""),
        quote(odd, safe="").lower(),
        inner,
        json.dumps(inner),
        json.dumps(odd, ensure_ascii=False),
        repr(odd),
        *(base64.b64encode(f"{user}:{odd}".encode()).decode() for user in ("u", "ab", "abc")),
        B64(odd.encode()).decode(),
    ]
    for form in forms:
        clean = tool.text(f"see {form} there")
        assert "[redacted:key-name:1]" in clean
        assert clean.startswith("see ")
        assert clean.endswith(" there")
        for kept in (odd, "ss/w", "ss%2F"):
            assert kept not in clean
    assert tool.text(forms[-1]) == "[redacted:key-name:1]"
    assert json.loads(tool.document(json.dumps({"a": odd}))) == {"a": "[redacted:key-name:1]"}


def test_the_password_of_a_basic_header_goes_everywhere() -> None:
    """What the header encodes is the secret, too."""
    header = "Authorization: Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    tool = redactor(header)
    assert PASSWORD not in tool.text(f"retry with {PASSWORD}!")


@pytest.mark.parametrize(
    ("secret", "spread"),
    [
        ("train", False),
        ("training", False),
        ("my-train-run", False),
        ("/home/me/.ssh/id_rsa", False),
        ("20240501", False),
        ("1.2.3.4:8080", False),
        ("${oc.env:HF_TOKEN}", False),
        ("<REDACTED>", False),
        ("********", False),
        ("password123", False),
        ("xxxxxxxxxxxx", False),
        ("hunter2!", True),
        (PASSWORD, True),
        ("0a1b2c3d" * 5, True),
        ("qwzxjvkplmnbtrsd", True),
        ("/aB3+d/" + "Ef9hIjKlMn==", True),
    ],
)
def test_only_what_cannot_be_ordinary_text_is_propagated(secret: str, *, spread: bool) -> None:
    """A password `train` goes where its key is, and no word is eaten elsewhere."""
    assert propagates(secret) is spread
    gatherer = SecretGatherer()
    gatherer.value({"password": secret}, "a")
    tool = gatherer.finish()
    assert tool.value({"password": secret}) == {"password": "[redacted:key-name:1]"}
    assert (tool.text(f"a {secret} b") == f"a {secret} b") is not spread


def test_lists_mappings_and_arguments_under_secret_names() -> None:
    """A secret name covers a list, collective names a mapping, a flag the next argument."""
    value: Value = {
        "api_keys": ["one", "two"],
        "credentials": {"user": "bob", "hf": {"w": "three"}, "region": "us", "n": 3},
        "argv": ["run", "--hf-token", "four", "--lr", "1e-4", "--hub-token=five!", "--x"],
        "env": [{"name": "HF_TOKEN", "value": "six"}, {"name": "HOME", "value": "/root"}],
        "tagged": {"secret": Tagged("unresolved", "${env:X}"), "b": Tagged("bytes", "abc")},
    }
    gatherer = SecretGatherer()
    gatherer.value(value, "a")
    clean = gatherer.finish().value(value)
    assert clean == {
        "api_keys": ["[redacted:key-name:1]", "[redacted:key-name:2]"],
        "credentials": {
            "user": "bob",
            "hf": {"w": "[redacted:key-name:3]"},
            "region": "us",
            "n": 3,
        },
        "argv": [
            *("run", "--hf-token", "[redacted:key-name:4]", "--lr", "1e-4"),
            *("--hub-token=[redacted:key-name:5]", "--x"),
        ],
        "env": [
            {"name": "HF_TOKEN", "value": "[redacted:key-name:6]"},
            {"name": "HOME", "value": "/root"},
        ],
        "tagged": {
            "secret": Tagged("redacted", "[redacted:key-name:7]"),
            "b": Tagged("bytes", "abc"),
        },
    }


def test_value_keeps_order_types_and_input() -> None:
    """Keys keep their order, secrets in keys go, the input is not touched, deep nesting works."""
    deep: Value = HF
    for _ in range(5000):
        deep = [deep]
    value: Value = {"b": 1, f"x {HF}": 2.5, f"y {HF}": None, "a": True, "deep": deep}
    gatherer = SecretGatherer()
    gatherer.value(value, "a")
    clean = gatherer.finish().value(value)
    assert isinstance(clean, dict)
    assert list(clean) == ["b", "x [redacted:hf-token:1]", "y [redacted:hf-token:1]", "a", "deep"]
    assert f"x {HF}" in value
    twins = gatherer.finish().value({HF: 1, "[redacted:hf-token:1]": 2})
    assert twins == {"[redacted:hf-token:1]": 1, "[redacted:hf-token:1]~2": 2}


def test_numbers_follow_the_order_of_first_appearance() -> None:
    """Same texts, same markers; the same secret has one number in all files."""
    other = "ghp" + "_" + "bC4e" * 9
    texts = [f"a {other}", f"token: {HF}", f"{HF} {other}"]
    tool = redactor(*texts)
    assert [(hit.kind, hit.n, hit.where) for hit in tool.hits] == [
        ("github-token", 1, "f0"),
        ("hf-token", 2, "f1"),
    ]
    assert tool.text(texts[2]) == "[redacted:hf-token:2] [redacted:github-token:1]"
    assert redactor(*texts).hits == tool.hits
    assert not any(secret in repr(tool) + repr(tool.hits) for secret in (HF, other))


def test_what_was_not_gathered_is_removed_all_the_same() -> None:
    """Shape and name work in phase 2 alone; such secrets have number 0."""
    tool = SecretGatherer().finish()
    assert tool.text(f"x {HF}") == "x [redacted:hf-token:0]"
    assert tool.document("password: abc\n") == "password: '[redacted:key-name:0]'\n"


@pytest.mark.parametrize("name", PLAIN)
def test_value_and_document_agree(name: str) -> None:
    """Parsing the redacted document gives the redacted value."""
    key, secret = SECRETS[name]
    value: Value = {"n": 1, key: secret, "list": [secret, {"x": f"say {secret}."}], "z": None}
    gatherer = SecretGatherer()
    gatherer.value(value, "a.json")
    tool = gatherer.finish()
    clean = tool.value(value)
    assert json.loads(tool.document(json.dumps(value))) == clean
    assert json.loads(tool.document(json.dumps(value, indent=2))) == clean
    assert yaml.safe_load(tool.document(yaml.safe_dump(value, width=10_000))) == clean
    assert ast.literal_eval(tool.document(repr(value))) == clean


def test_files_as_bytes() -> None:
    """Text files are rewritten, stray bytes kept; binary files with secrets are refused."""
    tool = redactor(f"wandb_api_key: {PASSWORD}")
    assert tool.data(b"\xff\xfe caf\xe9 \x1b[31m" + HF.encode() + b"\r\n\x80") == (
        b"\xff\xfe caf\xe9 \x1b[31m[redacted:hf-token:0]\r\n\x80"
    )
    assert tool.data(f"a {PASSWORD}".encode("utf-16")) == "a [redacted:key-name:1]".encode("utf-16")
    quiet = bytes(range(256)) * 4
    assert tool.data(quiet) is quiet
    assert tool.data(quiet + PASSWORD.encode()) is None
    assert tool.data(quiet + HF.encode("utf-16-le")) is None
    assert tool.data(quiet + b'"hub_token": "tr0ub"') is None
    shown = quiet + b'"hub_token": "<HUB_TOKEN>"'
    assert tool.data(shown) is shown
    assert tool.data(b"") == b""
    assert [tool.has_secret(data) for data in (quiet, HF.encode(), quiet + HF.encode())] == [
        False,
        True,
        True,
    ]


def test_propagation_is_bounded_and_says_so() -> None:
    """Beyond the limit secrets still go where their name is."""
    gatherer = SecretGatherer()
    for index in range(MAX_PROPAGATED + 5):
        gatherer.value({"password": f"Pw-{index:05}-xyz"}, "a")
    tool = gatherer.finish()
    assert tool.unpropagated == 5
    last = f"Pw-{MAX_PROPAGATED + 4:05}-xyz"
    assert last in tool.text(f"a {last}")
    assert last not in tool.document(f"password: {last}")


@pytest.mark.parametrize(
    "unit",
    [
        "password: '",
        "secrets:[",
        "token=",
        '{"password": "',
        'password=\\\\\\"',
        "-----BEGIN " + "PRIVATE KEY-----",
        "eyJ" + "aaaaaaaa-",
        "password:" + " " * 99,
        "secrets:\n  ",
        "://a:",
        "[redacted:a:1]",
        "password=<",
        "export" + "\t" * 1900 + f"{PASSWORD}\n",
        "a:" + " " * 1900 + f"{PASSWORD}\n",
        "+" * 1000 + "!" + base64.b64encode(f"me:{PASSWORD}".encode()).decode(),
    ],
)
def test_hostile_repetition_is_linear(unit: str) -> None:
    """No pattern runs away: this would take hours if one did."""
    text = unit * (100_000 // len(unit))
    tool = redactor(text, f"password: {PASSWORD}")
    assert tool.text(text) is not None
    assert tool.document(text) is not None


FRAGMENTS = [
    *("hub_token", "password", "token", "secrets", "--hf-token", "Authorization", "note", "key"),
    *(": ", "=", " = ", ", ", "\n", " ", "\\n", '"', "'", '\\"', "[", "]", "{", "}", "- ", "#"),
    *("Bearer ", "https://me:", "@host/", "?token=", "&", "|", ">", "<", "...", "+", "export "),
    *(HF, PASSWORD, "null", "12", "hunter2", "[redacted:key-name:1]", "é", "AKIA", "\r\n", "x y"),
]


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join))
def test_twice_is_once(text: str) -> None:
    """Redacting what was redacted changes nothing, and no issued token is left."""
    tool = redactor(text, HF, f"password: {PASSWORD}")
    for redact in (tool.text, tool.document):
        once = redact(text)
        assert redact(once) == once
        assert HF not in once
        assert PASSWORD not in once
        assert once.count("\n") == text.count("\n")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([HF, "pw 1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["a", "hub_token", "password", "token", "x.y", "argv"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON_VALUES, st.sampled_from([None, 1]))
def test_any_json_document_stays_json(value: Any, indent: int | None) -> None:
    """Whatever the content, the redacted document parses and has the same structure."""
    gatherer = SecretGatherer()
    gatherer.value(value, "a")
    tool = gatherer.finish()
    clean = json.loads(tool.document(json.dumps(value, indent=indent)))
    assert shape(clean) == shape(value)
    assert HF not in json.dumps(clean)
    once = tool.value(value)
    assert tool.value(once) == once


def test_git_patch_still_applies(tmp_path: Path) -> None:
    """A redacted patch has the same lines, so that git reads it."""
    text = patch("hub_token", HF)
    clean = cleaned(text)
    assert HF not in clean
    (tmp_path / "c.yaml").write_text('lr: 1\nhub_token: "[redacted:hf-token:1]"\n')
    subprocess.run(["git", "apply", "-"], input=clean.encode(), cwd=tmp_path, check=True)


YAML_TEXTS = st.sampled_from(
    [
        *(
            HF,
            f"--hf_token={HF}",
            f"use {HF} now",
            "pw 1",
            "it's",
            "a: b",
            "#x",
            PASSWORD,
            "",
            "null",
        ),
        *("long " * 30 + HF, "two\nlines " + HF, f"https://me:{PASSWORD}@host/x?token={HF}&b=1"),
    ]
)
YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | YAML_TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "hub_token", "password", "b c", "argv"]), inner)
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["x", "secrets", "hf_token"]), YAML_VALUES),
    st.sampled_from([None, False, True]),
    st.sampled_from([80, 10_000]),
)
def test_any_yaml_document_stays_yaml(
    value: dict[str, Any], style: bool | None, width: int
) -> None:
    """In block and flow style, quoted or not, wrapped or not: same structure, no secret."""
    text = yaml.safe_dump(value, default_flow_style=style, width=width, sort_keys=False)
    tool = redactor(text, HF, f"password: {PASSWORD}")
    clean = tool.document(text)
    assert HF not in clean
    assert PASSWORD not in clean
    assert shape(yaml.safe_load(clean)) == shape(value)


def test_a_file_s_secrets_know_their_lines() -> None:
    """Each secret's first line; one that was met before keeps its first place."""
    other = "ghp" + "_" + "bC4e" * 9
    gatherer = SecretGatherer()
    gatherer.file(f"a\n{HF}\n\n{other} {HF}\n", Location("a.log"))
    gatherer.file(f"{other}\npassword: hunter2\npassword: secret_here\n", Location("b.log"))
    assert [(hit.where, hit.doubtful) for hit in gatherer.finish().hits] == [
        (Location("a.log", "L2"), False),
        (Location("a.log", "L4"), False),
        (Location("b.log", "L2"), False),
        (Location("b.log", "L3"), True),
    ]


@pytest.mark.parametrize(
    ("secret", "doubtful"),
    [
        ("hunter2", False),
        ("correct-horse-9", False),
        ("Xk29fLqp77Zs", False),
        ("token_here", True),
        ("changeme", True),
        ("${API_KEY}", True),
        ("***", True),
        ("abc1", True),
        ("2026-01-01", True),
        ("/run/secrets/key1", True),
    ],
)
def test_what_may_as_well_be_no_secret(secret: str, doubtful: bool) -> None:
    """Placeholders, plain words, numbers, dates and paths under a secret name are doubtful."""
    assert is_doubtful(secret) is doubtful
