"""What was found: plain data with the unit in every name, the same in Python and in JSON."""
