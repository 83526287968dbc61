"""Sums of products: convolution, products of matrices, attention."""
