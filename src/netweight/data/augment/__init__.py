"""Pictures changed at random while a network is trained on them, each way in one place."""
