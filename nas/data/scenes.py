"""Scenes without end: what images of them show, and which is which. `rendering` draws them.

Every image holds two parts that lie far apart on a textured ground. Its class is a combination of

* a local cue, the texture of the ground: a grating, or two crossed ones, at any angle;
* the shapes of the parts: two discs, two crosses, or one of each, which takes both parts to tell;
* a relation between them: the parts lie in two of the four quadrants, side by side or one above
  the other. Any one part is in each quadrant equally often whatever the class.

All else is nuisance: position, size and rotation of each part, period, angle, phase and contrast
of the texture, the ground's colour, how much brighter the parts are and in which colour, a texture
on the parts, a bar that hides what lies under it, and noise. None of it depends on the class, so
mean colour and histogram say nothing of it.

Scene i is a function of (name, seed, i) alone: parameters come from a counter-based hash
(splitmix64, Steele et al. 2014, "Fast splittable pseudorandom number generators"), and drawing
takes only operations that IEEE 754 rounds exactly, so that machines and batch sizes cannot differ.
The same index shows the same scene at every size.
"""

from dataclasses import dataclass
from itertools import product

from nas.seeds import derive_seed

VERSION = 1  # of what is drawn: another drawing is other data
CHANNELS = 3
SMALLEST = 16  # pixels a side; textures blur below

TEXTURES = ("stripes", "checks")
SHAPES = ("disc", "cross")
PAIRS = ((0, 0), (1, 1), (0, 1))  # of shapes, in either order
ARRANGEMENTS = ("side by side", "one above the other")


def _words(pair: tuple[int, int], arrangement: str, texture: str) -> str:
    one, other = (SHAPES[shape] for shape in pair)
    plural = {"disc": "discs", "cross": "crosses"}
    parts = f"two {plural[one]}" if one == other else f"{one} and {other}"
    return f"{parts} {arrangement} on {texture}"


CLASS_NAMES = tuple(
    _words(pair, arrangement, texture)
    for arrangement, pair, texture in product(ARRANGEMENTS, PAIRS, TEXTURES)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenes:
    """Scenes 0, 1, 2, ... of one name, and how large images of them are.

    Of scenes 0 to 11 one is of each class, of 12 to 23 again, and so on, in changing order.
    """

    name: str  # "train", "evaluation": they share no scene
    seed: int
    size: int  # pixels a side
    channels: int

    @property
    def key(self) -> int:
        """Return what the scenes' parameters are hashed with."""
        return derive_seed("procedural", VERSION, self.name, self.seed)

    def fingerprint(self) -> str:
        """Return what tells these images from all others."""
        return f"procedural {VERSION} {self.key} {self.size} {self.channels}"
