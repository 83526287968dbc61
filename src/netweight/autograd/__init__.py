"""What is decided before any number: which gradients a step computes, and what it keeps for them."""
