"""Which operators of a quantised network run as kernels of integers, and which stay between conversions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerKernel:
    """One kernel of integers, made of an operator and the conversions around it.

    Attributes:
        layer: Layer of the operator.
        op: The operator.
        conversions: Layers of the nodes that quantised and dequantised around it, and are in it now.
        also: Layers of the operators behind it that the kernel does as well.
        runtimes: Runtimes that have such a kernel; empty for a conversion of integers into others.
    """

    layer: str
    op: str
    conversions: tuple[str, ...]
    also: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """An operator between conversions that no runtime makes a kernel of integers of.

    Attributes:
        layer: Its layer.
        op: The operator.
        why: The reason, after "because".
    """

    layer: str
    op: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Integers:
    """What became of the conversions of a quantised network.

    Attributes:
        kernels: Kernels of integers, in execution order.
        alone: Operators between conversions that stay floating.
    """

    kernels: tuple[IntegerKernel, ...]
    alone: tuple[LeftAlone, ...] = ()

    def in_layer(self, path: str) -> tuple[IntegerKernel, ...]:
        """The kernels of a layer, or of a part of one."""
        return tuple(kernel for kernel in self.kernels if path == kernel.layer or path.startswith(f"{kernel.layer}."))
