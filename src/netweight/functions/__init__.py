"""What a function of PyTorch is in the table of operators, said once for every source.

A function takes the recorder first, then what PyTorch's function of that name takes, in its order; it records operators
and returns their results. ``netweight.build`` offers it under its name, PyTorch's ATen rules bind to it, and readers of
files call it, so that one function has one meaning wherever a network comes from.
"""
