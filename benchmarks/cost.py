"""How long a price takes, and how far it is from counted networks and from what autograd keeps.

    python benchmarks/cost.py [NETWORKS]

Bars: every member of the family in less than 100 microseconds, all its numbers asked for, at an
image size that is not its own; of 1,000 random networks (some minutes) parameters and MACs equal
to those counted on the meta device, activation bytes within 10 % of what autograd keeps.
"""

import sys
import timeit

import torch

from coatnet import FAMILY, CoAtNetConfig, cost
from tests.coatnet.random_networks import counted, random_config, saved_bytes_per_image

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def ask_everything(config: CoAtNetConfig, image_size: int) -> None:
    """Price a network and read all numbers of the price."""
    price = cost(config, image_size)
    _ = price.parameters, price.macs, price.state_bytes
    for checkpointing in (False, True):
        price.training_macs(checkpointing=checkpointing)
        for dtype in DTYPES:
            price.activation_bytes(dtype, checkpointing=checkpointing)


def microseconds(config: CoAtNetConfig, image_size: int) -> float:
    """Return the least time that a price took."""
    seconds = timeit.repeat(lambda: ask_everything(config, image_size), number=20, repeat=200)
    return min(seconds) / 20 * 1e6


def errors(networks: int) -> dict[str, list[tuple[float, bool]]]:
    """Return for each dtype the relative errors of activation bytes, and if paths are dropped."""
    found: dict[str, list[tuple[float, bool]]] = {dtype: [] for dtype in DTYPES}
    for seed in range(networks):
        config = random_config(seed)
        price = cost(config)
        for dtype, saved in zip(
            DTYPES, saved_bytes_per_image(config, *DTYPES.values()), strict=True
        ):
            error = abs(price.activation_bytes(dtype) / saved - 1)
            found[dtype].append((error, config.drop_path > 0))
    return found


def equal(networks: int) -> int:
    """Return of how many random networks parameters and MACs are exactly those counted."""
    found = 0
    for seed in range(networks):
        config = random_config(seed)
        price = cost(config)
        found += (price.parameters, price.macs) == counted(config)
    return found


def main(networks: int) -> None:
    """Print a line for each member of the family and each dtype."""
    torch.set_num_threads(1)  # maps this small are not worth a second one
    for name in FAMILY:
        taken, price = microseconds(FAMILY[name], 384), cost(FAMILY[name], 224)
        print(
            f"{name:24}{taken:6.1f} us; at 224 px {price.parameters / 1e6:8.2f} M parameters, "
            f"{price.macs / 1e9:7.2f} GMACs, {price.state_bytes / 1e9:6.2f} GB of state, "
            f"{price.activation_bytes() / 1e6:7.1f} MB an image in float32, "
            f"{price.activation_bytes('bfloat16') / 1e6:7.1f} in bfloat16, "
            f"{price.activation_bytes('bfloat16', checkpointing=True) / 1e6:6.1f} checkpointed"
        )
    print(f"parameters and MACs: {equal(networks)} of {networks} random networks equal")
    for dtype, found in errors(networks).items():
        plain = [error for error, dropping in found if not dropping]
        print(
            f"activation bytes, {dtype}: of {networks} random networks the worst is "
            f"{max(found)[0]:.2%} off; without drop path (its number for "
            f"each branch is left out) {plain.count(0)} of {len(plain)} equal, {max(plain):.2%}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
