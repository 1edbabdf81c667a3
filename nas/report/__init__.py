"""A study as a page: figures drawn from tables alone, and one HTML file that opens offline."""
