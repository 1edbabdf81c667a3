"""The MLflow backend of a study."""
