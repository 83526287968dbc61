"""Graph in, graph out: what would it cost if ..."""
