"""Counting and drawing the points of a budget, of spaces whose prices are sums over steps."""
