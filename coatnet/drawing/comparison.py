"""Several networks as one drawing, a row each, so that one sees in what they differ."""

from collections.abc import Mapping

from coatnet.config import CoAtNetConfig, sides
from coatnet.cost import cost
from coatnet.drawing.canvas import LARGE, SIZE, SMALL, Canvas, text_width
from coatnet.drawing.parts import GLYPH, Part, amount, draw_pictures, network_parts

MARGIN = 24.0  # pixels, like all that follow
LABELS = 124.0  # for what is written in front of a row, at least
COLUMN = 106.0
ROW = 112.0
LEGEND = "a bar is a block; under it blocks × channels, then the map in cells"
UNUSUAL = ", then kernel, expansion, SE ratio and heads that are not the usual"
LINE_STEP = 16.0  # for those


def draw_all(configs: Mapping[str, CoAtNetConfig], *, title: str) -> str:
    """Return several configurations as one SVG document, a row each behind its label.

    Stages stand under one another and maps have one scale. Equal arguments give equal documents.

    Raises:
        ValueError: there are none.
    """
    if not configs:
        raise ValueError("nothing to draw: give at least one configuration")
    rows = {label: network_parts(config)[:-1] for label, config in configs.items()}
    columns = max(len(parts) for parts in rows.values())
    labels = max(LABELS, *(text_width(label, SIZE + 1, bold=True) + 20 for label in rows))
    unusual = [text_width(part.unusual, SMALL) for parts in rows.values() for part in parts]
    words, row = (LEGEND + UNUSUAL, ROW + LINE_STEP) if any(unusual) else (LEGEND, ROW)
    column = max(COLUMN, max(unusual) + 6)
    legend = 212 + text_width(words)
    width = max(labels + column * columns, text_width(title, LARGE, bold=True), legend)
    step = (width - labels) / columns
    centers = [MARGIN + labels + step * (i + 0.5) for i in range(columns)]
    largest = max(max(sides(config.image_size)) for config in configs.values())
    canvas = Canvas()
    canvas.text(MARGIN, 38, title, anchor="start", size=LARGE, bold=True)
    _draw_legend(canvas, MARGIN, 61, words)
    y = 78.0
    for label, parts in rows.items():
        canvas.rect(MARGIN - 12, y, width + 24, row, color="panel", radius=6)
        _draw_label(canvas, label, configs[label], y)
        draw_pictures(canvas, parts, centers[: len(parts)], y + GLYPH / 2 - 2, largest)
        for part, center in zip(parts, centers, strict=False):
            _draw_numbers(canvas, part, center, y + 86)
        y += row + 8
    return canvas.render(width + 2 * MARGIN, y + 8, title=f"{title}: {', '.join(rows)}")


def _draw_label(canvas: Canvas, label: str, config: CoAtNetConfig, y: float) -> None:
    price = cost(config)
    canvas.text(MARGIN, y + 46, label, anchor="start", size=SIZE + 1, bold=True)
    sizes = (f"{amount(price.parameters)} parameters", f"{amount(price.macs)} MACs")
    for i, text in enumerate(sizes):
        canvas.text(MARGIN, y + 65 + 16 * i, text, anchor="start", size=SMALL, color="muted")


def _draw_numbers(canvas: Canvas, part: Part, center: float, y: float) -> None:
    text = f"{part.depth} × {part.channels:,}"
    if part.color in ("C", "T"):
        left = center - (text_width(text) + 20) / 2
        canvas.badge(part.color, left + 8, y - 4)
        canvas.text(left + 21, y, text, anchor="start")
    else:
        canvas.text(center, y, text)
    size = f"{part.size[0]} × {part.size[1]}"
    canvas.text(center, y + 17, size, size=SMALL, color="muted")
    if part.unusual:
        canvas.text(center, y + 17 + LINE_STEP, part.unusual, size=SMALL, color="muted")


def _draw_legend(canvas: Canvas, x: float, y: float, words: str) -> None:
    for letter, name, at in (("C", "MBConv", x), ("T", "transformer", x + 90)):
        canvas.badge(letter, at + 8, y - 4)
        canvas.text(at + 22, y, name, anchor="start")
    canvas.text(x + 212, y, words, anchor="start", color="muted")
