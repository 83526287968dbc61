"""PyTorch as an engine: a network's operators as PyTorch's own functions, eager or compiled."""
