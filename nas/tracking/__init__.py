"""MLflow, kept up to date with a study."""
