"""The prices of a space as a picture: a row a layout, a histogram for each quantity."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import floor, log, log10

from coatnet.drawing.canvas import LARGE, SIZE, SMALL, Canvas, text_width
from nas.space.spread import Spread

MARGIN = 24.0  # pixels, like all that follow
LABELS = 124.0  # for what is written in front of a row, at least
PANEL, GAP = 240.0, 36.0  # a histogram's width, and what is between two
BARS = 46.0  # the tallest bar
ROW = 66.0
_APART = 10.0  # between the words of two ticks
LEGEND = "shaded: what the budget allows; each layout's bars have a scale of their own"
PLAIN = "each layout's bars have a scale of their own"
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')


def draw_spreads(spreads: Sequence[Spread], *, title: str) -> str:
    """Return histograms as one SVG document. Equal arguments give equal documents."""
    canvas = Canvas()
    layouts = list(spreads[0].counts)
    labels = max(LABELS, *(text_width(name, SIZE + 1, bold=True) + 20 for name in layouts))
    limited = any(each.least is not None or each.most is not None for each in spreads)
    words = LEGEND if limited else PLAIN
    width = labels + len(spreads) * PANEL + (len(spreads) - 1) * GAP
    width = max(width, text_width(title, LARGE, bold=True), text_width(words))
    canvas.text(MARGIN, 38, title, anchor="start", size=LARGE, bold=True)
    canvas.text(MARGIN, 61, words, anchor="start", color="muted")
    lefts = [MARGIN + labels + place * (PANEL + GAP) for place in range(len(spreads))]
    for spread, left in zip(spreads, lefts, strict=True):
        canvas.text(left, 84, _heading(spread), anchor="start", bold=True)
    y = 94.0
    for name in layouts:
        canvas.rect(MARGIN - 12, y, width + 24, ROW, color="panel", radius=6)
        canvas.text(MARGIN, y + 32, name, anchor="start", size=SIZE + 1, bold=True)
        points = _points(sum(spreads[0].counts[name]))
        canvas.text(MARGIN, y + 49, points, anchor="start", size=SMALL, color="muted")
        for spread, left in zip(spreads, lefts, strict=True):
            _draw_bars(canvas, spread, name, left, y)
        y += ROW + 8
    for spread, left in zip(spreads, lefts, strict=True):
        _draw_axis(canvas, spread, left, y)
    return canvas.render(width + 2 * MARGIN, y + 36, title=f"{title}: {', '.join(layouts)}")


def below(upper: str, lower: str) -> str:
    """Return two SVG documents as one, the second under the first."""
    (wide, high), (width, height) = _size(upper), _size(lower)
    canvas = Canvas(
        parts=[upper.rstrip(), lower.rstrip().replace("<svg ", f'<svg y="{high:g}" ', 1)]
    )
    return canvas.render(max(wide, width), high + height, title=_title(upper))


def _size(svg: str) -> tuple[float, float]:
    found = _SIZE.search(svg)
    assert found is not None
    return float(found[1]), float(found[2])


def _title(svg: str) -> str:
    return svg.partition("<title>")[2].partition(":")[0].partition("</title>")[0]


def _heading(spread: Spread) -> str:
    least, most = spread.least, spread.most
    if least is None and most is None:
        return spread.quantity.words
    if least is None or most is None:
        bound = f"at most {_short(most)}" if most is not None else f"at least {_short(least or 0)}"
        return f"{spread.quantity.words}, {bound}"
    return f"{spread.quantity.words}, {_short(least)} to {_short(most)}"


def _points(number: int) -> str:
    if number < 1_000_000:
        return f"{number:,} point{'' if number == 1 else 's'}"
    return f"{_short(number) if number < 1e12 else f'{number:.4g}'} points"


def _short(price: float) -> str:
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if price >= unit:
            return f"{price / unit:.4g}{name}"
    return f"{price:.0f}"


def _scale(spread: Spread) -> Callable[[float], float]:
    """Return what places a price, 0 to 1; one beyond the edges at the nearer of these."""
    low, high = float(spread.edges[0]), float(spread.edges[-1])
    if low == high:
        low, high = low - 1, high + 1
    if spread.log:
        return lambda price: log(min(high, max(low, price)) / low) / log(high / low)
    return lambda price: (min(high, max(low, price)) - low) / (high - low)


def _draw_bars(canvas: Canvas, spread: Spread, name: str, left: float, y: float) -> None:
    scale, counts = _scale(spread), spread.counts[name]
    if spread.least is not None or spread.most is not None:
        begin = 0.0 if spread.least is None else scale(spread.least)
        end = 1.0 if spread.most is None else scale(spread.most)
        width = max(1.0, (end - begin) * PANEL)
        canvas.rect(left + begin * PANEL, y + 4, width, ROW - 8, color="rule")
    base, most = y + ROW - 8, max(counts, default=0)
    for bar, (low, high) in enumerate(pairwise(spread.edges)):
        if not counts or not counts[bar]:
            continue
        begin, end = scale(low), scale(high)
        height = max(1.0, BARS * (counts[bar] / most))
        width = max(3.0, (end - begin) * PANEL - 1)
        color = "C" if spread.allowed(bar) else "plain"
        canvas.rect(left + begin * PANEL, base - height, width, height, color=color)
    canvas.line((left, base), (left + PANEL, base), color="rule")


def _draw_axis(canvas: Canvas, spread: Spread, left: float, y: float) -> None:
    """Write the ends of the axis and round numbers between them, as many as fit."""
    scale, (low, *_, high) = _scale(spread), spread.edges
    ticks = [(float(low), "middle" if low == high else "start"), (float(high), "end")]
    ticks = ticks[: 1 if low == high else 2] + [(each, "middle") for each in _round(spread)]
    taken: list[tuple[float, float]] = []
    for price, anchor in ticks:
        text = _short(price)
        x, width = left + scale(price) * PANEL, text_width(text, SMALL)
        begin = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        if all(begin + width + _APART < other or begin - _APART > end for other, end in taken):
            taken.append((begin, begin + width))
            canvas.line((x, y - 6), (x, y), color="wire")
            canvas.text(x, y + 13, text, anchor=anchor, size=SMALL, color="muted")


def _round(spread: Spread) -> list[float]:
    low, high = spread.edges[0], spread.edges[-1]
    if low == high:
        return []
    if spread.log:
        powers = range(floor(log10(low)), floor(log10(high)) + 1)
        found = [times * 10.0**power for times in (1, 3) for power in powers]
        return [each for each in found if low < each < high]
    step = 10.0 ** floor(log10((high - low) / 2))
    first = low // step + 1
    return [number * step for number in range(int(first), int(-(-high // step)))]
