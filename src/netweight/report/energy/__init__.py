"""What a network costs in joules, as a reader sees it."""
