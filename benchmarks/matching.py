"""The five layouts of the paper's study at one size: what is found, how far off, and how fast.

    python benchmarks/matching.py [PARAMETERS MACS IMAGE_SIZE]

Bars: C-T-T-T less than 7 % off; a search under 50 ms.
"""

import sys
import time

from coatnet.matching import match

LAYOUTS = ("C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL")
RUNS = 5


def main(parameters: int, macs: int, image_size: int) -> None:
    """Print a row a layout."""
    print(f"{parameters / 1e6:g} M parameters, {macs / 1e9:g} GMACs, {image_size} px")
    print("layout   depths    widths           stem         M   GMAC  off: M  GMAC   best ms")
    for layout in LAYOUTS:
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            found = match(layout, parameters=parameters, macs=macs, image_size=image_size)
            times.append(time.perf_counter() - start)
        stages, price = found.config.stages, found.cost
        print(
            f"{layout:8} {'-'.join(str(stage.depth) for stage in stages):9} "
            f"{'-'.join(str(stage.width) for stage in stages):16} {found.config.stem.width:4} "
            f"{price.parameters / 1e6:9.3f} {price.macs / 1e9:6.3f} "
            f"{found.parameters_off:+7.2%} {found.macs_off:+6.2%} {min(times) * 1e3:8.1f}"
        )


if __name__ == "__main__":
    values = [int(float(value)) for value in sys.argv[1:4]]
    main(*(values or (25_000_000, 4_200_000_000, 224)))
