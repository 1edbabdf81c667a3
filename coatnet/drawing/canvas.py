"""A canvas that writes SVG: text as text, no script, and colours for light and dark pages."""

from dataclasses import dataclass, field
from html import escape

# Colour classes: on light pages, on dark ones. Blue and vermillion are Okabe and Ito's
# (jfly.uni-koeln.de/color), told apart with any colour vision; the dark ones are lighter kin.
_COLORS = {
    "page": ("#ffffff", "#14191f"),
    "panel": ("#f4f6f8", "#1d242c"),
    "box": ("#ffffff", "#28313b"),
    "ink": ("#1f2933", "#e8ecf0"),
    "muted": ("#5b6773", "#a3afbb"),
    "rule": ("#d3d9df", "#3a4550"),
    "wire": ("#7b8794", "#8b98a5"),
    "plain": ("#8794a1", "#77848f"),
    "C": ("#0072b2", "#4aa8de"),
    "T": ("#d55e00", "#f08a3c"),
    "on": ("#ffffff", "#10151a"),
}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
SIZE, SMALL, LARGE = 12.0, 11.0, 17.0  # of letters, in pixels
_NARROW, _WIDE = frozenset("iljtfr.,:;'|!()[] -·"), frozenset("mwMWBNGDOQ@%→×+=√")


def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Return at least the pixels that `text` takes in any of the fonts: the widest is DejaVu."""
    ems = sum(0.41 if c in _NARROW else 0.9 if c in _WIDE else 0.66 for c in text)
    return ems * size * (1.1 if bold else 1.0)


@dataclass(slots=True)
class Canvas:
    """Shapes in the order in which they are drawn; x to the right, y down, in pixels."""

    parts: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "middle",
        size: float = SIZE,
        color: str = "ink",
        bold: bool = False,
    ) -> None:
        """Write `text` with its base line at `y`; anchor start, middle or end."""
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text class="{color}" x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" '
            f'text-anchor="{anchor}"{weight}>{escape(text)}</text>'
        )

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        color: str,
        edge: str | None = None,
        radius: float = 0.0,
    ) -> None:
        """Fill a rectangle from its upper left corner."""
        classes = f"{color} stroke-{edge}" if edge else color
        corner = f' rx="{_n(radius)}"' if radius else ""
        self.parts.append(
            f'<rect class="{classes}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" '
            f'height="{_n(height)}"{corner}/>'
        )

    def circle(self, x: float, y: float, radius: float, *, color: str) -> None:
        """Fill a circle around (x, y)."""
        self.parts.append(f'<circle class="{color}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>')

    def polygon(self, *points: tuple[float, float], color: str) -> None:
        """Fill the polygon with these corners."""
        corners = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.parts.append(f'<polygon class="{color}" points="{corners}"/>')

    def line(self, *points: tuple[float, float], arrow: bool = False, color: str = "wire") -> None:
        """Draw straight lines through the points; the arrow, at the end, points right or up."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.parts.append(
            f'<polyline class="none stroke-{color}" stroke-width="1.3" points="{path}"/>'
        )
        if arrow:
            (before_x, _), (x, y) = points[-2:]
            if x > before_x:
                self.polygon((x + 1, y), (x - 6, y - 3.5), (x - 6, y + 3.5), color=color)
            else:
                self.polygon((x, y - 1), (x - 3.5, y + 6), (x + 3.5, y + 6), color=color)

    def badge(self, letter: str, x: float, y: float) -> None:
        """Draw C in a square or T in a disc, around (x, y)."""
        if letter == "T":
            self.circle(x, y, 9, color=letter)
        else:
            self.rect(x - 8, y - 8, 16, 16, color=letter, radius=2)
        self.text(x, y + 4, letter, size=SMALL, color="on", bold=True)

    def render(self, width: float, height: float, *, title: str) -> str:
        """Return the SVG on a background of its own; `title` is what screen readers say."""
        size = f'width="{_n(width)}" height="{_n(height)}"'
        box = f'viewBox="0 0 {_n(width)} {_n(height)}"'
        look = f'class="coatnet" role="img" font-family="{FONT}"'
        lines = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} {look}>',
            f"<title>{escape(title)}</title>",
            f"<style>{_css(0)}\n@media (prefers-color-scheme: dark) {{{_css(1)}}}</style>",
            f'<rect class="page" {size} rx="8"/>',
            *self.parts,
            "</svg>\n",
        )
        return "\n".join(lines)


def _css(page: int) -> str:
    """Return the colours for light (0) or dark (1) pages, valid inside our drawings only."""
    rules = [".coatnet .none{fill:none}"] if page == 0 else []
    for name, colors in _COLORS.items():
        rules.append(f".coatnet .{name}{{fill:{colors[page]}}}")
        if name in ("rule", "wire", "on", "C", "T", "plain"):
            rules.append(f".coatnet .stroke-{name}{{stroke:{colors[page]}}}")
    return "".join(rules)


def _n(value: float) -> str:
    """Return a coordinate, short and the same on every machine."""
    return f"{round(value, 1):g}"
