"""Points of a search space become candidates: networks with a price, or reasons why not."""
