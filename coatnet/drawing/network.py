"""One network as a drawing: its parts, their numbers, and the layers inside."""

from collections.abc import Iterator

from coatnet.config import EXPANSION, KERNEL, CoAtNetConfig, sides
from coatnet.cost import Cost, cost
from coatnet.drawing.canvas import LARGE, Canvas, text_width
from coatnet.drawing.layers import panels
from coatnet.drawing.panel import Panel
from coatnet.drawing.parts import GLYPH, Part, amount, draw_pictures, image_part, network_parts

MARGIN = 24.0  # pixels, like all that follow
LABELS = 104.0  # for the names of the rows
COLUMN, WIDEST_COLUMN = 106.0, 200.0
ROW = 20.0
SHARE = 64.0  # length of a bar that stands for the whole network


def draw(config: CoAtNetConfig, *, title: str | None = None) -> str:
    """Return `config` as an SVG document that stands alone.

    From left to right the image, the stem, the stages (a bar is a block, its height hints at the
    side of its map) and the head, with depths, widths, strides, maps in cells, parameters and
    multiply-adds; below, the layers inside stem, blocks and head as `config` has them, after the
    idea of the paper's Figure 4. `title` is the layout's name by default. Equal arguments give
    equal documents.
    """
    parts = (image_part(config), *network_parts(config))
    heading = title or f"CoAtNet {config.layout}"
    summary = _summary(config)
    rows = _panel_rows(config, LABELS + COLUMN * len(parts))
    width = max(
        LABELS + COLUMN * len(parts),
        text_width(heading, LARGE, bold=True),
        text_width(summary),
        *(sum(panel.width for panel in row) for row in rows),
    )
    canvas = Canvas()
    canvas.text(MARGIN, 38, heading, anchor="start", size=LARGE, bold=True)
    canvas.text(MARGIN, 59, summary, anchor="start", color="muted")
    y = _draw_parts(canvas, parts, cost(config), y=84.0, width=width)
    for row in rows:
        height = max(panel.height for panel in row) + 20
        canvas.rect(MARGIN - 12, y, width + 24, height, color="panel", radius=6)
        for panel, x in zip(row, (MARGIN, MARGIN + width - row[-1].width), strict=False):
            panel.draw(canvas, x, y + 8)
        y += height + 10
    return canvas.render(width + 2 * MARGIN, y + 6, title=f"{heading}: {summary}")


def _panel_rows(config: CoAtNetConfig, width: float) -> list[tuple[Panel, ...]]:
    """Return the panels in rows: stem and head share one where the drawing is wide enough."""
    stem, *blocks, head = panels(config)
    widest = max(width, *(panel.width for panel in blocks))
    ends = [(stem, head)] if stem.width + head.width <= widest else [(stem,), (head,)]
    return [*ends, *((panel,) for panel in blocks)]


def _summary(config: CoAtNetConfig) -> str:
    price = cost(config)
    height, width = sides(config.image_size)
    words = [
        f"{amount(price.parameters)} parameters",
        f"{amount(price.macs)} multiply-adds",
        f"images of {height} × {width} pixels",
    ]
    if config.bias_image_size is not None:
        words.append("position tables of {} × {}".format(*sides(config.bias_image_size)))
    if config.drop_path:
        words.append(f"drop path up to {config.drop_path:g}")
    return " · ".join(words)


def _draw_parts(
    canvas: Canvas, parts: tuple[Part, ...], total: Cost, *, y: float, width: float
) -> float:
    """Draw a column a part, its picture over its numbers; return where the table ends."""
    step = min((width - LABELS) / len(parts), WIDEST_COLUMN)
    centers = [MARGIN + LABELS + step * (i + 0.5) for i in range(len(parts))]
    for part, center in zip(parts, centers, strict=True):
        _draw_name(canvas, part, center, y + 12)
    middle = y + 30 + GLYPH / 2
    draw_pictures(canvas, parts, centers, middle, max(parts[0].size))
    y = middle + GLYPH / 2 + 28
    for label, values, shares in _rows(parts, total):
        canvas.line((MARGIN, y - 15), (MARGIN + width, y - 15), color="rule")
        canvas.text(MARGIN, y, label, anchor="start", color="muted")
        for center, value in zip(centers, values, strict=True):
            canvas.text(center, y, value or "-", color="ink" if value else "muted")
        for part, center, share in zip(parts, centers, shares, strict=False):
            if share is not None:
                canvas.rect(center - SHARE / 2, y + 4, SHARE, 2, color="rule")
                canvas.rect(center - SHARE / 2, y + 4, SHARE * share, 2, color=part.color)
        y += ROW + (4 if shares else 0)
    return y + 2


def _rows(
    parts: tuple[Part, ...], total: Cost
) -> Iterator[tuple[str, list[str | None], list[float | None]]]:
    """Yield the table: a label, a value for each part, and its shares of the whole network."""
    yield "block", [part.kind for part in parts], []
    yield "blocks", [_count(part.depth) for part in parts], []
    yield "channels", [_count(part.channels) for part in parts], []
    yield "stride", [_count(part.stride) for part in parts], []
    yield "map, cells", [f"{part.size[0]:,} × {part.size[1]:,}" for part in parts], []
    heads = [
        f"{part.heads} × {part.channels // part.heads}" if part.heads else None for part in parts
    ]
    if any(heads):
        yield "heads × size", heads, []
    yield from ((label, values, []) for label, values in _insides(parts))
    costs = [part.cost for part in parts]
    parameters = [None if price is None else price.parameters for price in costs]
    macs = [None if price is None else price.macs for price in costs]
    yield "parameters", _amounts(parameters), _shares(parameters, total.parameters)
    yield "multiply-adds", _amounts(macs), _shares(macs, total.macs)


def _insides(parts: tuple[Part, ...]) -> Iterator[tuple[str, list[str | None]]]:
    """Yield what blocks of different stages differ in, or all from the paper's."""
    kernels: list[str | None] = [None] * len(parts)
    expansions, ratios = kernels.copy(), kernels.copy()
    for place, part in enumerate(parts):
        if part.options is not None:
            expansions[place] = f"× {part.options.expansion}"
            if part.heads is None:
                kernels[place] = f"{part.options.kernel} × {part.options.kernel}"
                ratios[place] = f"{part.options.squeeze_ratio:g}"
    if set(kernels) - {None, f"{KERNEL} × {KERNEL}"}:
        yield "kernel", kernels
    if set(expansions) - {None, f"× {EXPANSION}"}:
        yield "expansion", expansions
    if len(set(ratios) - {None}) > 1:
        yield "squeeze ratio", ratios


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _amounts(numbers: list[int | None]) -> list[str | None]:
    return [None if number is None else amount(number) for number in numbers]


def _shares(numbers: list[int | None], whole: int) -> list[float | None]:
    return [None if number is None else number / whole for number in numbers]


def _draw_name(canvas: Canvas, part: Part, center: float, y: float) -> None:
    """Write a part's name, behind its badge if it is a stage."""
    if part.color not in ("C", "T"):
        canvas.text(center, y, part.name, bold=True)
        return
    left = center - (text_width(part.name, bold=True) + 22) / 2
    canvas.badge(part.color, left + 8, y - 4)
    canvas.text(left + 22, y, part.name, anchor="start", bold=True)
