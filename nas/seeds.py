"""Random streams by name: equal names give equal streams, in any process and at any time."""

import hashlib


def derive_seed(*parts: int | str) -> int:
    """Return a seed in [0, 2**63) that depends on every part and on their order.

    Nothing random is ever stored: a resumed trial derives the stream of (seed, "order", epoch)
    again, which is what makes resume bit-exact and seeds paired across layouts.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
