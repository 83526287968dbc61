"""Why a kernel of integers costs what it costs, and what it was made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netweight.report.explain.layer import LayerExplanation
from netweight.report.explain.module import ModuleExplanation
from netweight.report.explain.shown import Explanation, named
from netweight.results.integer import IntegerKernel
from netweight.units import Units


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KernelExplanation(Explanation):
    """Why a kernel of integers costs what it costs, and what it was made of.

    Attributes:
        kernels: The kernels that a layer of the model became, nearly always one.
        whole: The layer, or the part of it that was asked for.
        parts: What each operator of the kernel does, if all of it was asked for.
    """

    kernels: tuple[IntegerKernel, ...]
    whole: LayerExplanation | ModuleExplanation
    parts: tuple[LayerExplanation, ...] = ()

    def lines(self, units: Units, width: int | None) -> list[str]:
        """The layer, what is in the kernel, and the formulas of its parts."""
        lines = self.whole.lines(units, width)
        for kernel in self.kernels:
            lines.extend(["", *named([*_rows(kernel)])])
        for part in self.parts:
            lines.extend(["", *part.lines(units, width)])
        return lines


def _rows(kernel: IntegerKernel) -> Iterator[tuple[str, str]]:
    yield "kernel of integers", ", ".join(kernel.runtimes) or "a conversion of integers into others"
    operators = (f"{kernel.op} {kernel.layer}", *kernel.also)
    yield "operators in it", ", ".join(operators)
    yield "conversions in it", ", ".join(kernel.conversions) or "none"


def explain_kernel(
    kernels: Sequence[IntegerKernel], whole: LayerExplanation | ModuleExplanation, parts: Sequence[LayerExplanation]
) -> KernelExplanation:
    """Explanation of a layer that runs as a kernel of integers.

    Args:
        kernels: The kernels of the layer.
        whole: The layer.
        parts: Its operators; left out where the layer is one.
    """
    alone = isinstance(whole, LayerExplanation)
    return KernelExplanation(kernels=tuple(kernels), whole=whole, parts=() if alone else tuple(parts))
