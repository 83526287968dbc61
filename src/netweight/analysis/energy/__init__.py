"""What a network's operations and bytes cost in joules, by a table of prices."""
