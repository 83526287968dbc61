"""Times of calls that can be believed: warm, interleaved, with their spread and what disturbed them."""
