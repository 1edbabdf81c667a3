"""How fast a budget's points are counted and drawn, how sure the count is, and what rivals need.

    python benchmarks/counting.py [--long]

The space: a stem of 8 widths, stages of depth 1 to 14 and 30 widths each, at 224 pixels, priced
as CoAtNets; the four layouts of convolution before attention have 10^12 points. Rivals are drawing
until a point fits, and listing every point. Bars, without the price list: a count of 10^12 points
with parameters within 5 % and a limit on MACs in 1 s of CPU, 10,000 points drawn in 2 s.
`--long` counts the same exactly as well, which takes a minute, and several hundred chains.
"""

LAYOUTS = ("CCCC", "CCCT", "CCTT", "CTTT")
ALL = ("CCCC", "CCCT", "CCTC", "CCTT", "CTCC", "CTCT", "CTTC", "CTTT", *"")  # S1 of convolution
STEMS = tuple(range(16, 80, 8))
WIDTHS = tuple(tuple(first * unit for first in range(4, 34)) for unit in (8, 16, 32, 32))
DEPTHS = tuple(range(1, 15))
PARAMETERS, MACS = 0, 1
ACTIVATIONS = 2  # a stand-in: map cells times width of every block
BUDGETS = {
    "25 M parameters ± 5 %": {PARAMETERS: (23_750_000, 26_250_000)},
    "and at most 4.2 GMACs": {
        PARAMETERS: (23_750_000, 26_250_000),
        MACS: (None, 4_200_000_000),
    },
    "and 3 to 4.2 GMACs": {
        PARAMETERS: (23_750_000, 26_250_000),
        MACS: (3_000_000_000, 4_200_000_000),
    },
}
