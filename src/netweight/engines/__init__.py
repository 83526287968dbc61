"""What runs a network for real: engines that others made, and ours, behind one interface."""
