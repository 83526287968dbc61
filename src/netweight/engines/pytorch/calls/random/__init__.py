"""PyTorch's calls for operators of the group random."""
