"""How long a network takes: what each kernel computes and moves, and what a device makes of it."""
