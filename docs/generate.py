"""Write the generated parts of docs/coatnet.md, its tables, and the figures beside it.

    python docs/generate.py

`tests/test_docs.py` fails when what is committed is not what this writes.
"""

from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path

from coatnet import (
    FAMILY,
    PUBLISHED,
    CoAtNetConfig,
    Matched,
    StageConfig,
    StemConfig,
    cost,
    match,
    named,
)
from coatnet.config import BlockType
from coatnet.drawing import draw, draw_all
from coatnet.drawing.parts import amount, stage_names

DOCS = Path(__file__).parent
PAGE = DOCS / "coatnet.md"
IMAGE_SIZES = (224, 384, 512)  # pixels: all that the paper evaluates
LAYOUTS = ("C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL")
MATCHED = {"parameters": 25_000_000, "macs": 4_200_000_000}
PER_LOGIT = 14  # operations; see `macs_note`


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What a choice does, and what the paper says of it."""

    does: str
    paper: str
    choice: str = ""  # in words, where a field is not one of a few options


# One row a field, or a choice of it: `options_table` fails when one is missing or too many.
NOTES: dict[tuple[str, str], Note] = {
    ("stem.type", "convolution"): Note(
        does="S0: 3×3 convolutions, the first one strided", paper="Table 3; Figure 4"
    ),
    ("stem.type", "patch"): Note(
        does="one convolution whose kernel is its stride", paper="Section 2.2, ViT_REL"
    ),
    ("stem.width", ""): Note(choice="channels", does="of S0", paper="Tables 3, 11, 12"),
    ("stem.depth", ""): Note(choice="layers", does="of S0; a patch stem has 1", paper="2 always"),
    ("stem.stride", ""): Note(
        choice="cells", does="of the first convolution, or the side of a patch", paper="2; 16"
    ),
    ("stages[].block", "C"): Note(
        does="MBConv with squeeze-and-excitation", paper="Eq. 5; the layouts: Section 2.2, Table 2"
    ),
    ("stages[].block", "T"): Note(
        does="relative attention and a feed-forward network", paper="Eq. 3 and 4"
    ),
    ("stages[].depth", ""): Note(
        choice="blocks",
        does="of the stage",
        paper="Table 7, S2 and S3 of CoAtNet-2: 6, 14: 84.1 %; 8, 12: 84.0 %; 2, 18: 83.4 %",
    ),
    ("stages[].width", ""): Note(
        choice="channels", does="put out by each block", paper="Tables 3, 11, 12"
    ),
    ("stages[].stride", ""): Note(
        choice="1 or 2",
        does="of the first block; 1 in the second half of a mixed stage",
        paper="2 in all stages; Section A.2 (mixed stages)",
    ),
    ("attention", "global"): Note(does="each cell attends to all", paper="all results"),
    ("attention", "window"): Note(
        does="each cell attends to those of its window",
        paper="Section 2.2, option B: not used, slow on TPUs; no numbers",
    ),
    ("attention", "linear"): Note(
        does="kernel features, elu + 1; no bias of positions",
        paper='Section 2.2, option C: no "reasonably good result"; no numbers',
    ),
    ("window", ""): Note(
        choice="cells", does="side of a window, for window attention", paper="no numbers"
    ),
    ("relative_bias", "pre"): Note(
        does="added to the logits (y_pre)",
        paper="Eq. 3. Table 6: 84.1 % at 224, 85.7 % at 384; from 21K at 384: 87.9 %",
    ),
    ("relative_bias", "post"): Note(
        does="added to the weights, after the softmax (y_post)", paper="Eq. 2; no numbers"
    ),
    ("relative_bias", "none"): Note(
        does="left out", paper="Table 6: 83.8 % at 224, 85.3 % at 384; from 21K at 384: 87.4 %"
    ),
    ("bias_image_size", ""): Note(
        choice="pixels, or height and width; `image_size` if not given",
        does="the image size that the tables of positions are stored for; elsewhere they are "
        "resized bilinearly as they are used",
        paper="Section 3; the tables print the same parameters at every image size",
    ),
    ("head_size", ""): Note(
        choice="channels",
        does="of an attention head",
        paper="Table 8 (CoAtNet-2, 224): 32: 84.1 %, 64: 83.9 %. 64 in -5, 128 in -6 and -7",
    ),
    ("mbconv_stride", "expand"): Note(
        does="in the first 1×1 convolution",
        paper="Eq. 5. Table 4 (-0, -1, -2 at 224): 81.6, 83.3, 84.1 % at 4.2, 8.4, 15.7 G",
    ),
    ("mbconv_stride", "depthwise"): Note(
        does="in the depthwise convolution",
        paper="Table 9 (-0, -1, -2 at 224): 82.0, 83.5, 84.1 % at 4.6, 8.8, 16.6 G",
    ),
    ("mbconv_stride", "pool"): Note(
        does="by pooling before the first convolution", paper="not in the paper"
    ),
    ("mbconv_norm", "batch"): Note(
        does="BatchNorm in MBConv",
        paper="Table 8: CoAtNet-2 at 224: 84.1 %; CoAtNet-3 from 21K at 384: 87.9 %; "
        "10 to 20 % faster on TPUs",
    ),
    ("mbconv_norm", "layer"): Note(
        does="LayerNorm over the channels of each cell",
        paper="Table 8: CoAtNet-2 at 224: 84.1 %; CoAtNet-3 from 21K at 384: 87.8 %",
    ),
    ("squeeze_ratio", ""): Note(
        choice="0 to 4",
        does="bottleneck of squeeze-and-excitation over the block's width; 0: left out",
        paper="0.25 always (Table 3, caption)",
    ),
    ("pool", "max"): Note(
        does="how the identity branch, and attention's input, are down-sampled",
        paper='Eq. 4: "max pooling with stride 2"; not stated for MBConv; no numbers',
    ),
    ("pool", "average"): Note(does="likewise, by the mean", paper="not in the paper"),
    ("pool_size", ""): Note(
        choice="2 or 3", does="side of what is pooled; with 3 it overlaps", paper="not stated"
    ),
    ("image_size", ""): Note(
        choice="pixels, or height and width",
        does="of the images",
        paper="Table 4, CoAtNet-3: 224: 84.5 %, 384: 85.8 %, 512: 86.0 %",
    ),
    ("in_channels", ""): Note(choice="1 and up", does="of the images", paper="3"),
    ("classes", ""): Note(choice="1 and up", does="logits put out", paper="1,000"),
    ("drop_path", ""): Note(
        choice="0 to below 1",
        does="stochastic depth: the last block's rate, linear from 0 at the first",
        paper="Table 10 (1K): 0.2, 0.3, 0.5, 0.7 for -0 to -3; no schedule stated",
    ),
    ("batch_norm_momentum", ""): Note(
        choice="above 0 to 1", does="weight of the newest batch's statistics", paper="not stated"
    ),
}


def shapes_table() -> str:
    """Return a row a member: blocks and widths of its stages."""
    lines = [
        "| member | S0 | S1 | S2 | S3 | S4 | head size | stride in | image |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, config in FAMILY.items():
        stages: dict[str, list[str]] = {}  # a mixed stage has two halves
        for place, stage in zip(stage_names(config), config.stages, strict=True):
            half = f"{stage.block.value} {stage.depth} × {stage.width}"
            stages.setdefault(place, []).append(half)
        cells = [
            f"`{name}`",
            f"{config.stem.depth} × {config.stem.width}",
            *(", ".join(halves) for halves in stages.values()),
            str(config.head_size),
            "1×1" if config.mbconv_stride.value == "expand" else "depthwise",
            str(config.image_size),
        ]
        lines.append(_row(cells))
    return "\n".join(lines)


def sizes_table() -> str:
    """Return a row a member: the paper's numbers, ours, and the difference."""
    published = {(f"{size.name}", size.image_size): size for size in PUBLISHED}
    lines = [
        "| member | parameters | MACs at 224 px | MACs at 384 px | MACs at 512 px |",
        "|---|---|---|---|---|",
    ]
    for name, config in FAMILY.items():
        if config.image_size != IMAGE_SIZES[0]:
            continue
        sizes = [published.get((name, image_size)) for image_size in IMAGE_SIZES]
        parameters = next((size.parameters for size in sizes if size), None)
        cells = [f"`{name}`", _beside(cost(config).parameters, parameters)]
        for image_size, size in zip(IMAGE_SIZES, sizes, strict=True):
            macs = cost(_at(name, image_size)).macs
            cells.append(_beside(macs, size.macs if size else None))
        lines.append(_row(cells))
    return "\n".join(lines)


def macs_note() -> str:
    """Return how far MACs are below the paper's, and what would explain it."""
    below, left = [], []
    for size in PUBLISHED:
        member = size.name.removeprefix("coatnet-")
        if not member.isdecimal() or int(member) > 5:
            continue
        config = _at(size.name, size.image_size)
        macs = cost(config).macs
        below.append(macs / size.macs - 1)
        left.append((macs + PER_LOGIT * _logits(config)) / size.macs - 1)
    return (
        f"Our MACs of CoAtNet-0 to -5 are {_percent(-max(below), sign='')} to "
        f"{_percent(-min(below), sign='')} below the paper's {len(below)} counts of them; with "
        f"{PER_LOGIT} operations more for each attention logit all are within "
        f"{_percent(max(map(abs, left)), sign='')}."
    )


def small_table() -> str:
    """Return a row a member for small images: its size where it is at home."""
    lines = ["| member | image | parameters | MACs |", "|---|---|---|---|"]
    for name, config in FAMILY.items():
        if config.image_size != IMAGE_SIZES[0]:
            price = cost(config)
            image = f"{config.image_size} px, {config.classes} classes"
            lines.append(_row([f"`{name}`", image, amount(price.parameters), amount(price.macs)]))
    return "\n".join(lines)


def options_table() -> str:
    """Return a row for each field of the config, or for each choice of it.

    Raises:
        KeyError: a field or a choice has no note.
        ValueError: a note belongs to none.
    """
    lines = [
        "| field | choice | what it does | paper: source, ImageNet-1K top-1 |",
        "|---|---|---|---|",
    ]
    used: set[tuple[str, str]] = set()
    for prefix, owner in (("stem.", StemConfig), ("stages[].", StageConfig), ("", CoAtNetConfig)):
        for field in fields(owner):
            name = prefix + field.name
            if name in ("stem", "stages"):  # described by their own fields
                continue
            for choice, words in _choices(field.type, field.default):
                note = NOTES[name, choice]
                used.add((name, choice))
                shown = words or note.choice + _default(field.default)
                lines.append(_row([f"`{name}`", shown, note.does, note.paper]))
    if unused := sorted(NOTES.keys() - used):
        raise ValueError(f"notes on what the config does not have: {unused}")
    return "\n".join(lines)


def matched_table() -> str:
    """Return a row a layout: how far from the sizes asked for it had to stay."""
    lines = ["| layout | depths | parameters off | MACs off |", "|---|---|---|---|"]
    for layout, found in _matched().items():
        depths = "-".join(str(stage.depth) for stage in found.config.stages)
        offs = [f"{100 * off:+.2f} %" for off in (found.parameters_off or 0, found.macs_off or 0)]
        lines.append(_row([layout, depths, *offs]))
    return "\n".join(lines)


def figures() -> dict[str, str]:
    """Return the figures' file names with their SVG."""
    matched = {layout: found.config for layout, found in _matched().items()}
    return {
        "coatnet-0.svg": draw(FAMILY["coatnet-0"], title="CoAtNet-0"),
        "layouts.svg": draw_all(
            matched, title="Five layouts matched to 25 M parameters and 4.2 GMACs"
        ),
    }


TABLES = {
    "matched": matched_table,
    "shapes": shapes_table,
    "sizes": sizes_table,
    "macs": macs_note,
    "small": small_table,
    "options": options_table,
}


def page(text: str) -> str:
    """Return the page with what stands between its markers made anew.

    Raises:
        ValueError: a marker is missing, or there are two.
    """
    for name, table in TABLES.items():
        begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
        if text.count(begin) != 1:
            raise ValueError(f"{PAGE.name} must have one line {begin}")
        before, _, rest = text.partition(begin)
        old, found, after = rest.partition(end)
        if not found or "<!--" in old:
            raise ValueError(f"{PAGE.name}: no line {end} follows {begin}")
        text = f"{before}{begin}\n\n{table()}\n\n{end}{after}"
    return text


def documents() -> dict[Path, str]:
    """Return every file that is generated, or in part, with its content."""
    drawn = {DOCS / "figures" / name: svg for name, svg in figures().items()}
    return {PAGE: page(PAGE.read_text(encoding="utf-8")), **drawn}


def main() -> None:
    """Write what has changed and print its path."""
    for path, content in documents().items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(path)


def _matched() -> dict[str, Matched]:
    parameters, macs = MATCHED["parameters"], MATCHED["macs"]
    size = IMAGE_SIZES[0]
    return {
        layout: match(layout, parameters=parameters, macs=macs, image_size=size)
        for layout in LAYOUTS
    }


def _at(name: str, image_size: int) -> CoAtNetConfig:
    """Return the member at an image size, with the tables of positions it has at 224 pixels."""
    return named(name, image_size=image_size, bias_image_size=IMAGE_SIZES[0])


def _logits(config: CoAtNetConfig) -> int:
    """Return the attention logits of one image."""
    return sum(
        stage.depth * stage.width // config.head_size * (height * width) ** 2
        for stage, (height, width) in zip(config.stages, config.map_sizes[1:], strict=True)
        if stage.block is BlockType.TRANSFORMER
    )


def _choices(type_: object, default: object) -> list[tuple[str, str]]:
    """Return the options of a field with how they are shown; one without a name for others."""
    if not (isinstance(type_, type) and issubclass(type_, StrEnum)):
        return [("", "")]
    return [
        (option.value, f"`{option.value}`{' (default)' if option is default else ''}")
        for option in type_
    ]


def _default(value: object) -> str:
    if value is MISSING or value is None:
        return ""
    return f", default {value:g}" if isinstance(value, float) else f", default {value:,}"


def _beside(ours: float, paper: float | None) -> str:
    if paper is None:
        return f"- / {amount(ours)}"
    return f"{_printed(paper)} / {amount(ours)} ({_percent(ours / paper - 1)})"


def _printed(number: float) -> str:
    """Return a number as the paper prints it."""
    if number >= 1e9:
        return f"{number / 1e9:g} G"
    return f"{number / 1e6:g} M"


def _percent(fraction: float, sign: str = "+") -> str:
    return f"{100 * fraction:{sign}.1f} %"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
