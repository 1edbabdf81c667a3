"""The language of search spaces: domains, constraints, the space, the strict parser."""
