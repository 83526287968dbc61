"""Modules that a text names: in the user's own code, or architectures of packages."""
