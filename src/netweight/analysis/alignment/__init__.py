"""Which layer of one report is which of another: rows of layers in, pairs out, and no network."""
