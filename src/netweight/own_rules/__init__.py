"""Rules that a user writes for operators of his own: what one call of them costs."""
