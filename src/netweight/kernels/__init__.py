"""Functions of arrays that repeat a rule of ``netweight.ops`` in another way, under the same name."""
