"""Sparse tensors of PyTorch programs: followed as the dense tensors that they store."""
