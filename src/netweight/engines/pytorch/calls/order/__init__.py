"""Sorting, ranks, and sizes that follow from data."""
