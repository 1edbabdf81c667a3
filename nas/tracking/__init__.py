"""The MLflow view of a study."""
