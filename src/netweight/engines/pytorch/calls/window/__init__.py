"""Pooling, and windows taken apart and put together."""
