"""Small integers."""
