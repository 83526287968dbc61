"""How long an engine takes on this machine: small networks measured, a law fitted to each class of operators."""
