"""Write what is generated: docs/coatnet.md's tables and figures, docs/tables.md, ARCHITECTURE.md.

    python -m docs.generate

`tests/test_docs.py` fails when what is committed is not what this writes.
"""

from dataclasses import MISSING, fields
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
from docs import architecture, tables_page
from docs.markers import filled
from docs.option_notes import NOTES

DOCS = Path(__file__).parent
PAGE = DOCS / "coatnet.md"
IMAGE_SIZES = (224, 384, 512)  # pixels: all that the paper evaluates
LAYOUTS = ("C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL")
MATCHED = {"parameters": 25_000_000, "macs": 4_200_000_000}
PER_LOGIT = 14  # operations; see `macs_note`


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
    return filled(text, TABLES, page=PAGE.name)


def documents() -> dict[Path, str]:
    """Return every file that is generated, or in part, with its content."""
    drawn = {DOCS / "figures" / name: svg for name, svg in figures().items()}
    written = {PAGE: page(PAGE.read_text(encoding="utf-8")), tables_page.PAGE: tables_page.page()}
    return {**written, **drawn, **architecture.documents()}


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
