"""What differs between two networks, as a reader sees it."""
