"""A quantised network as runtimes do it: pairs around an operator become one kernel of integers."""
