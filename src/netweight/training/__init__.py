"""Training of a graph: a loss beside its outputs, gradients of that, and updates of the parameters."""
