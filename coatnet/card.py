"""A network's card: README.md, Markdown under the YAML that the Hugging Face hub reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from coatnet.config import CoAtNetConfig, StageConfig, sides
from coatnet.cost import cost
from coatnet.part_configs import BLOCK_RULES

TAGS = ("coatnet", "image-classification")
PAPER = "https://arxiv.org/abs/2106.04803"


def front_matter(metadata: Mapping[str, Any] | None = None) -> str:
    """Return the card's YAML, between its lines of dashes.

    Of `metadata` it takes what the hub knows: `license` and `language` (texts), `tags` and
    `datasets` (lists of texts), where they are of these types. Every text of it is quoted and
    escaped, so that none can end its line, its list or the YAML.
    """
    metadata = metadata or {}
    lines = ["---", "library_name: coatnet", "pipeline_tag: image-classification"]
    lines += _listed("tags", list(dict.fromkeys([*TAGS, *_texts(metadata.get("tags"))])))
    lines += _listed("datasets", _texts(metadata.get("datasets")))
    for key in ("license", "language"):
        value = metadata.get(key)
        if isinstance(value, str):
            lines.append(f"{key}: {_quoted(value)}")
    return "\n".join([*lines, "---", ""])


def card(config: CoAtNetConfig, metadata: Mapping[str, Any] | None = None) -> str:
    """Return the card of a network: what it is, what it costs, how it is loaded."""
    price = cost(config)
    height, width = sides(config.image_size)
    fine_tuned_at = 2 * height if height == width else (2 * height, 2 * width)
    others = 10 if config.classes != 10 else 100
    return f"""{front_matter(metadata)}
# CoAtNet {config.layout}

An image classifier of the CoAtNet family ([paper]({PAPER})): {price.parameters:,} parameters,
{price.macs:,} multiply-adds an image of {height} x {width} pixels and {config.in_channels}
channels, {config.classes} classes.

{_stages(config)}

| option | value |
|---|---|
{_options(config)}

## Use

```python
import coatnet

model = coatnet.load(".")  # logits of images (batch, {config.in_channels}, {height}, {width})
metadata = coatnet.load_metadata(".")  # what was said when it was saved

larger = coatnet.load(".", image_size={fine_tuned_at})  # the same parameters on larger images
other = coatnet.load(".", classes={others}, drop_path=0.1)  # to fine-tune: a new last layer
```

`coatnet.CoAtNet.from_pretrained` takes a repository's name too, once it is in the hub's cache.
"""


def _stages(config: CoAtNetConfig) -> str:
    stem, sizes = config.stem, config.map_sizes
    rows = [(f"stem ({stem.type.value})", stem.depth, stem.width, stem.stride)] + [
        (f"S{number} ({stage.block.name.lower()})", stage.depth, stage.width, stage.stride)
        for number, stage in enumerate(config.stages, start=1)
    ]
    lines = ["| part | blocks | width | stride | map |", "|---|---|---|---|---|"] + [
        f"| {name} | {depth} | {width} | {stride} | {rows_} x {columns} |"
        for (name, depth, width, stride), (rows_, columns) in zip(rows, sizes, strict=True)
    ]
    own = [_own_options(stage) for stage in config.stages]
    if any(own):
        cells = [" own options ", "---", *(f" {options} " for options in ("", *own))]
        lines = [f"{line}{cell}|" for line, cell in zip(lines, cells, strict=True)]
    return "\n".join(lines)


def _own_options(stage: StageConfig) -> str:
    values = {name: getattr(stage, name) for name in BLOCK_RULES}
    return ", ".join(f"{name} {value}" for name, value in values.items() if value is not None)


def _options(config: CoAtNetConfig) -> str:
    values = config.to_dict()
    del values["stem"], values["stages"]
    if config.bias_image_size is None:
        values["bias_image_size"] = values["image_size"]
    return "\n".join(f"| {name} | {value} |" for name, value in values.items())


def _listed(key: str, texts: Sequence[str]) -> list[str]:
    return [f"{key}:", *(f"- {_quoted(text)}" for text in texts)] if texts else []


def _texts(value: object) -> list[str]:
    if not isinstance(value, list | tuple):
        return []
    return [text for text in value if isinstance(text, str)]


def _quoted(text: str) -> str:
    """Return a YAML text in double quotes, in printable ASCII only.

    YAML's line breaks are more than Python's and its readers refuse unprintable characters.
    """
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~":
        return character
    return f"\\U{ord(character):08X}"
