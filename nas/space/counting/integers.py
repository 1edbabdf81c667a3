"""Sums, products and random numbers of whole numbers that may not fit 64 bits; always exact.

Arrays are int64 as long as everything fits, and of Python's integers (dtype object) where not.
"""

import numpy as np

FITS = 2**62


def products(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return first * second, both int64 and not negative, so that their sum fits the type too."""
    if float(np.dot(first.astype(np.float64), second.astype(np.float64))) < FITS / 2:
        return first * second
    return first.astype(object) * second.astype(object)


def total(values: np.ndarray) -> int:
    """Return the sum."""
    return int(values.sum()) if len(values) else 0


def cumulated(values: np.ndarray) -> np.ndarray:
    """Return 0 and the sums of the first one, two, ... values, [n + 1]."""
    found = np.zeros(len(values) + 1, dtype=values.dtype)
    np.cumsum(values, out=found[1:])
    return found


def ascending(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys, which are not negative, in order, and the order; equal ones keep theirs.

    Where key and place fit one number, these are sorted: half the time of an `argsort`.
    """
    bits = len(keys).bit_length()
    if len(keys) and int(keys.max()) << bits >= FITS:
        order = np.argsort(keys, kind="stable")
        return keys[order], order
    packed = np.sort(keys << bits | np.arange(len(keys)))
    return packed >> bits, packed & (1 << bits) - 1


def below(rng: np.random.Generator, limit: int, n: int) -> np.ndarray:
    """Return n independent whole numbers, each from 0 to limit - 1 with equal probability."""
    if limit < FITS:
        return rng.integers(0, limit, n)
    size = -(-limit.bit_length() // 8)
    surplus = 8 * size - limit.bit_length()
    found: list[int] = []
    while len(found) < n:
        number = int.from_bytes(rng.bytes(size)) >> surplus
        if number < limit:  # which it is at least every second time
            found.append(number)
    return np.array(found, dtype=object)


def place(cumulative: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return into which part each number falls, and how far: [n] each.

    Parts are as `cumulated` returns them; every number is less than the last of these.
    """
    index = np.searchsorted(cumulative, numbers, side="right") - 1
    return index, numbers - cumulative[index]
