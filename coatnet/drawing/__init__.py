"""Networks drawn as SVG: one with all its numbers and layers, or several below one another."""

from coatnet.drawing.comparison import draw_all
from coatnet.drawing.network import draw
from coatnet.drawing.parts import amount

__all__ = ["amount", "draw", "draw_all"]
