"""Sums of products: convolution, products of matrices, attention. Weights are given."""
