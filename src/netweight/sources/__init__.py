"""Ways in: one file per kind of model, each turning it into a graph."""
