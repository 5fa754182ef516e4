"""Configurations in JSON, YAML or TOML under the usual names, of no known producer.

`config`, `params`, `parameters`, `hparams`, `hyperparameters`, `args`, `arguments`, `settings` or
`options` stands in the file's name, or the file lies in Hydra's `.hydra`. Descriptions of models
and tokenizers go by such names too, and are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.codecs.flaws import Flaws
from archiver.codecs.toml_document import parse as parse_toml
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Config
from archiver.model.values import Value

_NAMED = re.compile(
    r"(?:^|[._-])(?:config|cfg|conf|params?|parameters|h(?:yper)?-?params?|hyper-?parameters|args"
    r"|arguments|settings|options)(?:$|[._-])"
)
_OF_MODELS = frozenset(
    {"architectures", "model_type", "peft_type", "tokenizer_class", "transformers_version", "vocab"}
)
_LLAMA = frozenset({"dim", "n_heads", "n_layers"})
"""What `params.json` of a model in Meta's own form says."""
_MODEL_FILES = frozenset(
    {
        "adapter_config.json", "feature_extractor_config.json", "generation_config.json",
        "preprocessor_config.json", "processor_config.json", "quantize_config.json",
        "tokenizer_config.json",
    }
)  # fmt: skip
"""Files of that name stand beside the weights of a Hugging Face model."""
_FORMATS = {"json": "json", "toml": "toml", "yaml": "yaml", "yml": "yaml"}


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed configuration."""

    values: dict[str, Value]
    flaws: Flaws
    complete: bool
    form: str


def detect(artifact: Artifact) -> Match:
    """The name of a configuration, a map of settings, and no description of a model."""
    stem = artifact.name.lower().rpartition(".")[0]
    if artifact.name.lower() in _MODEL_FILES:
        return Match.NO
    if _NAMED.search(stem) is None and "/.hydra/" not in f"/{artifact.path}":
        return Match.NO
    values = parse(artifact).values
    model = bool(_OF_MODELS & values.keys()) or values.keys() >= _LLAMA
    return Match.YES if values and not model else Match.NO


def parse(artifact: Artifact) -> Document:
    """The document; an empty one where it is no map."""
    form = _FORMATS[artifact.name.lower().rpartition(".")[2]]
    if form == "json":
        found = artifact.json()
        value, flaws, complete = found.value, found.flaws, found.complete
    elif form == "toml":
        read = parse_toml(artifact.data(), artifact.limits)
        value, flaws, complete = read.value, read.flaws, read.complete
    else:
        text = artifact.yaml()
        value, flaws, complete = text.value, text.flaws, text.complete
    return Document(value if isinstance(value, dict) else {}, flaws, complete, form)


def to_reading(document: Document, artifact: Artifact, _points: PointSink) -> Reading:
    """The configuration as somebody wrote it."""
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="authored",
        format=document.form,
        values=document.values,
        partial=not document.complete,
    )
    return Reading(
        configs=(config,),
        problems=artifact.problems(document.flaws),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


READER = Reader(
    name="generic_config",
    kind="generic.config",
    summary="configurations in JSON, YAML or TOML under the usual names, of no known producer",
    select=files("*.json", "*.yaml", "*.yml", "*.toml"),
    detect=detect,
    parse=parse,
    map=to_reading,
    fallback=True,
)
