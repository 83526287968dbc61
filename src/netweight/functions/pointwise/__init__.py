"""Functions of each element that take a tensor or a number, or choose their operator by their arguments.

A number beside a tensor becomes part of the operator where the table has one for that, else a constant of the
tensor's type. Functions that are always the same operator are in ``plain``.
"""
