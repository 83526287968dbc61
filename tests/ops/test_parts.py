"""Work on complex numbers, against numbers whose parts count what is done with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, WORK_KINDS
from netweight.ops.contract.conv import ConvAttrs
from netweight.ops.contract.conv_transpose import ConvTransposeAttrs
from netweight.ops.contract.einsum import EinsumAttrs
from netweight.ops.pointwise.blend import AddcAttrs
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.reduce.reduction import ReduceAttrs


@dataclass
class Part:
    """A real number that counts what is done with all of them."""

    done: ClassVar[Counter[str]] = Counter()

    def __add__(self, _: Part) -> Part:
        Part.done["adds"] += 1
        return self

    def __mul__(self, _: Part) -> Part:
        Part.done["muls"] += 1
        return self

    def __truediv__(self, _: Part) -> Part:
        Part.done["divs"] += 1
        return self


@dataclass
class Complex:
    """Two of them; signs are free."""

    a: Part
    b: Part

    def __add__(self, z: Complex) -> Complex:
        return Complex(self.a + z.a, self.b + z.b)

    def __mul__(self, z: Complex | Part) -> Complex:
        if isinstance(z, Part):
            return Complex(self.a * z, self.b * z)
        return Complex(self.a * z.a + self.b * z.b, self.a * z.b + self.b * z.a)

    def __truediv__(self, z: Complex | Part) -> Complex:
        if isinstance(z, Part):
            return Complex(self.a / z, self.b / z)
        length, top = z.a * z.a + z.b * z.b, self * z
        return Complex(top.a / length, top.b / length)


Z, R = Complex(Part(), Part()), Part()


def _counted(formula: Callable[[], Any], times: int) -> dict[str, int]:
    Part.done.clear()
    for _ in range(times):
        formula()
    return dict(Part.done)


def _work(name: str, attrs: Any, *shapes: tuple[int, ...], dtype: str = "complex64") -> dict[str, int]:
    cost = REGISTRY[name].cost(attrs, *(TensorSpec(shape, dtype) for shape in shapes))
    return {kind: int(getattr(cost, kind)) for kind in WORK_KINDS if getattr(cost, kind)}


_HALF = ScalarAttrs(value=0.5)


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "formula"),
    [
        ("add", None, 2, lambda: Z + Z),
        ("mul", None, 2, lambda: Z * Z),
        ("div", None, 2, lambda: Z / Z),
        ("addcmul", AddcAttrs(value=1), 3, lambda: Z + Z * Z),
        ("square", None, 1, lambda: Z * Z),
        ("neg", None, 1, lambda: Z + Z),
        ("mul_scalar", _HALF, 1, lambda: Z * R),
        ("div_scalar", _HALF, 1, lambda: Z / R),
    ],
)
def test_each_element(name: str, attrs: Any, inputs: int, formula: Callable[[], Any]) -> None:
    assert _work(name, attrs, *[(3, 4)] * inputs) == _counted(formula, 12)


def test_a_sum_and_a_mean() -> None:
    attrs = ReduceAttrs(dims=(1,))
    assert _work("sum", attrs, (3, 4)) == _counted(lambda: Z + Z + Z + Z, 3)
    assert _work("mean", attrs, (3, 4)) == _counted(lambda: (Z + Z + Z + Z) / R, 3)
    assert _work("prod", attrs, (3, 4)) == _counted(lambda: Z * Z * Z * Z, 3)


def test_a_multiply_accumulate_is_four_real_ones() -> None:
    done = _counted(lambda: Z + Z * Z, 5 * 3 * 4)
    assert done == {"muls": 4 * 60, "adds": 4 * 60}  # as many sums as products: real multiply-accumulates
    assert _work("matmul", None, (5, 3), (3, 4)) == {"macs": 4 * 60}


CONTRACTIONS = {
    "linear": (None, (5, 3), (4, 3), (4,)),
    "matmul": (None, (2, 5, 3), (3, 4)),
    "einsum": (EinsumAttrs(equation="bi,oi->bo"), (5, 3), (4, 3)),
    "conv": (ConvAttrs(stride=(1,), padding=((1, 1),), dilation=(1,), groups=1), (2, 3, 7), (4, 3, 3), (4,)),
    "conv_transpose": (
        ConvTransposeAttrs(stride=(2,), padding=((0, 0),), output_padding=(0,), dilation=(1,), groups=1),
        (2, 3, 7),
        (3, 4, 3),
        (4,),
    ),
}


@pytest.mark.parametrize("name", CONTRACTIONS)
def test_contractions_forward_and_backward(name: str) -> None:
    attrs, *shapes = CONTRACTIONS[name]
    real, parts = (_work(name, attrs, *shapes, dtype=dtype) for dtype in ("float32", "complex64"))
    assert parts == {kind: (4 if kind == "macs" else 2) * count for kind, count in real.items()}
    op, wanted = REGISTRY[name], (True,) * len(shapes)
    costs = [op.backward_cost(attrs, wanted, *(TensorSpec(shape, dtype) for shape in shapes)) for dtype in
             ("float32", "complex64")]  # fmt: skip
    assert costs[1].macs == 4 * costs[0].macs
    assert costs[1].adds == 2 * costs[0].adds


def test_the_gradient_of_what_was_stretched_adds_both_parts() -> None:
    specs = TensorSpec((3, 4), "complex64"), TensorSpec((4,), "complex64")
    assert REGISTRY["add"].backward_cost(None, (False, True), *specs).adds == 2 * (3 - 1) * 4


def test_the_formula_is_printed_with_its_four() -> None:
    from netweight.count import formula

    cost = REGISTRY["matmul"].cost(None, TensorSpec((5, 3), "complex64"), TensorSpec((3, 4), "complex64"))
    assert formula(cost.macs).endswith("* 4")
