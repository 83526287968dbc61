"""A training and an evaluation, shown."""
