"""How methods of quantisation store the weights of a model: from settings alone, without the packages that do it."""
