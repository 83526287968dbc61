"""Rules that a user writes for operators of his own: what one call of them costs."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Target: TypeAlias = str | type
"""An operator (``"mylib::scale"``), a subclass of ``autograd.Function``, or a class of modules."""
OwnRules: TypeAlias = Mapping[Target, Callable[..., Any]]
"""Functions of the user's, by what they are a rule of."""
