"""A layout's interval and its seeds as a small picture in its row."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 160, 18, 6  # pixels


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """What of an accuracy the width of a picture shows."""

    low: float
    high: float

    @classmethod
    def over(cls, numbers: Sequence[float]) -> "Scale":
        """Return the scale that takes in all of them."""
        low, high = min(numbers, default=0.0), max(numbers, default=1.0)
        room = max((high - low) * 0.04, 1e-4)
        return cls(low=low - room, high=high + room)

    def x(self, value: float) -> float:
        """Return where a value is drawn, pixels from the left."""
        share = (value - self.low) / (self.high - self.low)
        return round(EDGE + (WIDTH - 2 * EDGE) * share, 1)


def band(
    scale: Scale,
    *,
    color: str,
    score: float,
    ends: tuple[float, float] | None,
    seeds: Sequence[float],
) -> Markup:
    """Return an SVG element: a line for the interval, a stroke for the score, a dot for a seed.

    All of it is numbers of ours and a colour of ours.
    """
    middle = HEIGHT / 2
    parts = []
    if ends is not None:
        parts.append(
            f'<line x1="{scale.x(ends[0])}" x2="{scale.x(ends[1])}" y1="{middle}" y2="{middle}" '
            f'stroke="{color}" stroke-width="5" stroke-opacity="0.35"/>'
        )
    parts += [
        f'<circle cx="{scale.x(each)}" cy="{middle}" r="2.5" fill="{color}"/>' for each in seeds
    ]
    x = scale.x(score)
    parts.append(
        f'<line x1="{x}" x2="{x}" y1="2" y2="{HEIGHT - 2}" stroke="{color}" stroke-width="2.5"/>'
    )
    words = f"score {score:.2%}" + (
        "" if ends is None else f", interval {ends[0]:.2%} to {ends[1]:.2%}"
    )
    return Markup(
        f'<svg class="band" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{words}, {len(seeds)} seeds">{"".join(parts)}</svg>'
    )
