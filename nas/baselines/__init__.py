"""Networks of other families, trained and ranked beside the layouts (paper, Section 4)."""
