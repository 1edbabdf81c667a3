"""Panels: layers as boxes, in chains with arrows and identity branches, under a heading."""

from dataclasses import dataclass

from coatnet.drawing.canvas import SIZE, SMALL, Canvas, text_width

GAP, LINE, PADDING = 20.0, 16.0, 9.0  # between boxes, between lines of text, around text; pixels
LANE = 26.0  # from the lower edge of the boxes to the identity branch without boxes
TAG = 16.0  # height of the mark of a stride


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """A box: its name, more about it, and the stride that sits here, if one does."""

    lines: tuple[str, ...]
    stride: int = 1

    @property
    def width(self) -> float:
        """In pixels."""
        first, *others = self.lines
        widths = [text_width(first, bold=True), *(text_width(line, SMALL) for line in others)]
        return max(widths) + 2 * PADDING

    @property
    def height(self) -> float:
        """In pixels."""
        return LINE * len(self.lines) + 2 * PADDING - 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """Layers one after the other; a residual one adds what went in, led through `identity`."""

    layers: tuple[Layer, ...]
    residual: bool = False
    identity: tuple[Layer, ...] = ()

    @property
    def width(self) -> float:
        """In pixels, with a wire on the left and, of residual ones, the sum on the right."""
        return max(_width(self.layers), _width(self.identity)) + (2 * GAP if self.residual else 0)

    @property
    def above(self) -> float:
        """Pixels from the middle of the boxes up."""
        return max(layer.height for layer in self.layers) / 2 + TAG / 2

    @property
    def below(self) -> float:
        """Pixels from the middle of the boxes down, the identity branch included."""
        half = max(layer.height for layer in self.layers) / 2
        if not self.residual:
            return half
        lane = LANE + max((layer.height for layer in self.identity), default=0.0)
        return half + lane


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """Chains in a row under a heading; `color` is a colour class, or that of a block type."""

    heading: str
    note: str
    color: str
    chains: tuple[Chain, ...]

    @property
    def width(self) -> float:
        """In pixels, without a margin."""
        heading = text_width(self.heading, bold=True) + text_width(self.note, SMALL) + 2 * GAP
        return max(sum(chain.width for chain in self.chains) + 3 * GAP, heading)

    @property
    def height(self) -> float:
        """In pixels, from above the heading to below the last box."""
        above = max(chain.above for chain in self.chains)
        return 40 + above + max(chain.below for chain in self.chains)

    def draw(self, canvas: Canvas, x: float, y: float) -> None:
        """Draw the panel with its upper left corner at (x, y)."""
        start = x
        if self.color in ("C", "T"):
            canvas.badge(self.color, x + 8, y + 10)
            start += 22
        canvas.text(start, y + 14, self.heading, anchor="start", bold=True)
        start += text_width(self.heading, bold=True) + 8
        canvas.text(start, y + 14, self.note, anchor="start", size=SMALL, color="muted")
        middle = y + 34 + max(chain.above for chain in self.chains)
        canvas.text(x, middle + 4, "x", anchor="start", color="muted")
        x += 14
        for chain in self.chains:
            x = _draw_chain(canvas, chain, x, middle, color=self.color)
        canvas.line((x, middle), (x + GAP, middle), arrow=True)


def _width(layers: tuple[Layer, ...]) -> float:
    return sum(layer.width + GAP for layer in layers)


def _draw_chain(canvas: Canvas, chain: Chain, x: float, y: float, *, color: str) -> float:
    """Draw from (x, y), the middle of the boxes; return where the chain ends."""
    end = x + chain.width
    plus = end - 10
    if chain.residual:
        lane = y + chain.below - max((layer.height / 2 for layer in chain.identity), default=0.0)
        start = x + GAP / 2
        canvas.line((start, y), (start, lane), (plus, lane), (plus, y + 10), arrow=True)
        canvas.circle(start, y, 2.5, color="wire")
        # in the middle of the branch
        at = start + (plus - start - _width(chain.identity)) / 2
        for layer in chain.identity:
            at += GAP / 2
            _draw_layer(canvas, layer, at, lane, color="plain")
            at += layer.width + GAP / 2
    at = x
    for layer in chain.layers:
        canvas.line((at, y), (at + GAP, y), arrow=True)
        _draw_layer(canvas, layer, at + GAP, y, color=color)
        at += GAP + layer.width
    if chain.residual:
        canvas.line((at, y), (plus - 10, y), arrow=True)
        canvas.circle(plus, y, 9, color=color)
        canvas.line((plus - 5, y), (plus + 5, y), color="on")
        canvas.line((plus, y - 5), (plus, y + 5), color="on")
    return end


def _draw_layer(canvas: Canvas, layer: Layer, x: float, y: float, *, color: str) -> None:
    """Draw a box whose left edge is at x and whose middle is at y."""
    top = y - layer.height / 2
    radius = 8 if color == "T" else 2
    canvas.rect(x, top, layer.width, layer.height, color="box", edge=color, radius=radius)
    middle = x + layer.width / 2
    base = top + PADDING + 9
    for number, line in enumerate(layer.lines):
        size, shade = (SIZE, "ink") if number == 0 else (SMALL, "muted")
        canvas.text(middle, base + LINE * number, line, size=size, color=shade, bold=number == 0)
    if layer.stride > 1:
        text = f"stride {layer.stride}"
        width = text_width(text, SMALL, bold=True) + 10
        canvas.rect(middle - width / 2, top - TAG + 3, width, TAG, color="ink", radius=8)
        canvas.text(middle, top - TAG + 15, text, size=SMALL, color="page", bold=True)
