"""Of two lists of points in the plane, the two whose sum lies nearest to a target; exactly."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from math import inf, isqrt

Part = tuple[int, int, int]  # x, y and a number that tells equally near sums apart
Nearest = tuple[int, int, int]  # the larger of the differences in x and y, their sum, the number


class NearestSum:
    """The nearest sum of a part of one list and a part of another, over all pairs of lists added.

    Nearer is what has the smaller of these three, in this order: the larger of the differences in
    x and in y, the sum of both, the sum of the two parts' numbers. All are whole numbers, so that
    equal is equal on every machine.
    """

    def __init__(self, target: tuple[int, int], *, radius: float = inf) -> None:
        """Look for sums that differ from `target` by `radius` at most, in x and in y."""
        self.best: Nearest | None = None
        self._x, self._y = target
        self._radius = radius

    def add(self, left: Sequence[Part], right: Sequence[Part]) -> None:
        """Take in the sums of every part of `left` with every part of `right`."""
        if not left or not right:
            return
        strips = _Strips(right)
        for part in left:
            for found in strips.within(self._x - part[0], self._y - part[1], self._radius):
                near = self._nearness(part, found)
                if near[0] <= self._radius and (self.best is None or near < self.best):
                    self.best, self._radius = near, near[0]

    def _nearness(self, left: Part, right: Part) -> Nearest:
        dx, dy = abs(left[0] + right[0] - self._x), abs(left[1] + right[1] - self._y)
        return max(dx, dy), dx + dy, left[2] + right[2]


class _Strips:
    """Points cut by x into about as many strips as a strip has points, each sorted by y.

    To find what lies in a square, only the two outer strips hold points of its height that may lie
    outside: a question costs the square root of the number of points.
    """

    def __init__(self, points: Sequence[Part]) -> None:
        """Sort the points, of which there is at least one."""
        by_x = sorted(points)
        size = isqrt(len(by_x)) + 1
        cut = [by_x[start : start + size] for start in range(0, len(by_x), size)]
        self._first = [strip[0][0] for strip in cut]
        self._last = [strip[-1][0] for strip in cut]
        self._points = [sorted(strip, key=lambda point: point[1]) for strip in cut]
        self._ys = [[point[1] for point in strip] for strip in self._points]

    def within(self, x: int, y: int, radius: float) -> Iterator[Part]:
        """Yield all points that differ by `radius` or less, and a few of the same height."""
        begin = bisect_left(self._last, x - radius)
        end = bisect_right(self._first, x + radius, begin)
        for strip in range(begin, end):
            ys = self._ys[strip]
            low = bisect_left(ys, y - radius)
            if low < len(ys) and ys[low] <= y + radius:
                yield from self._points[strip][low : bisect_right(ys, y + radius, low)]
