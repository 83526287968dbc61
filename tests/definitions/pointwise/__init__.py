"""Operators on each element alone, by formulas on numbers that count what is done with them."""
