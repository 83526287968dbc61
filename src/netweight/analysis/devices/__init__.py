"""Chips and what they hold, as data: a file for each, every number with its source."""
