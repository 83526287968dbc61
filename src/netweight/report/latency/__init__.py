"""How long a network takes, as a reader sees it."""
