"""Which points of a space are tried: the grid, random points, Optuna's estimator."""
