"""Networks described by hand; ``netweight.build`` has all of it under one name."""
