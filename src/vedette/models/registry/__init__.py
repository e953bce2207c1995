"""The model registry: models, their versions, and what a version needs to enter a stage."""
