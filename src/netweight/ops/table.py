"""The contract every operator keeps, and the table of all operators."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeAlias

from netweight.index import OPERATORS, homes
from netweight.ir import TensorSpec
from netweight.lazy import Array
from netweight.ops.extent import Extent
from netweight.ops.parts import COMPLEX, WITH_COMPLEX, WITH_REAL, of_parts
from netweight.registry import Registry

Specs: TypeAlias = TensorSpec | tuple[TensorSpec, ...]
Saves: TypeAlias = tuple[str, ...] | Mapping[str, tuple[str, ...]]
Wanted: TypeAlias = tuple[bool, ...]

_Fields = ParamSpec("_Fields")

OpKind = Literal[
    "conv", "linear", "matmul", "attention", "recurrent", "embedding", "pool", "norm", "activation", "softmax",
    "dropout", "elementwise", "reduce", "transform", "resize", "layout", "loss", "custom",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Work done by one call of an operator, exact integers by kind.

    Attributes:
        macs: Multiply-accumulates, products with padded zeros included.
        adds: Additions and subtractions outside a multiply-accumulate (bias, residual).
        muls: Multiplications outside a multiply-accumulate.
        divs: Divisions.
        compares: Comparisons, minima, maxima, absolute values, signs, rounding.
        exps: Exponentials.
        logs: Logarithms.
        sqrts: Square roots and their reciprocals.
        pows: Powers with a general exponent.
        tanhs: Hyperbolic tangents.
        erfs: Error functions.
        trigs: Sines, cosines, tangents and their inverses.
        logics: Logic operations on booleans; OPs, never FLOPs.
    """

    macs: int = 0
    adds: int = 0
    muls: int = 0
    divs: int = 0
    compares: int = 0
    exps: int = 0
    logs: int = 0
    sqrts: int = 0
    pows: int = 0
    tanhs: int = 0
    erfs: int = 0
    trigs: int = 0
    logics: int = 0

    @property
    def arithmetic(self) -> int:
        """Arithmetic operations, one MAC being two: FLOPs where the element type is floating."""
        return (
            2 * int(self.macs) + int(self.adds) + int(self.muls) + int(self.divs) + int(self.compares) + int(self.exps)
            + int(self.logs) + int(self.sqrts) + int(self.pows) + int(self.tanhs) + int(self.erfs) + int(self.trigs)
        )  # fmt: skip

    @property
    def ops_total(self) -> int:
        """Operations of any kind, one MAC being two, whatever the element type."""
        return self.arithmetic + int(self.logics)

    def __add__(self, other: Cost) -> Cost:
        if self is FREE or other is FREE:
            return other if self is FREE else self
        return Cost(**{kind: getattr(self, kind) + getattr(other, kind) for kind in WORK_KINDS})


WORK_KINDS: tuple[str, ...] = tuple(kind.name for kind in fields(Cost))

FREE = Cost()
COPIED = Cost()
"""Equal to ``FREE``: no work. Backward cost rules return it for a gradient that takes memory of its own."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """Names elsewhere of an operator that is the same there, setting by setting; readers and writers follow from them.

    Attributes:
        aten: ATen operators, separated by spaces.
        onnx: ONNX operator, whose attributes have the names and defaults of ours.
        floating: Whether PyTorch makes floating numbers of integers first, and ONNX takes no others.
    """

    aten: str = ""
    onnx: str = ""
    floating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpDef:
    """One operator: rules that share the argument order ``attrs, *tensors``.

    Attributes:
        name: Name in the graph, for example ``"conv"``.
        kind: What sort of operator it is; conventions and reports group by it.
        attrs: Class of its attributes, or None.
        inputs: Names of its tensors, in order; ``"*xs"`` for any number of them.
        shape: Specs of the inputs to spec of the output, or a tuple of specs: the outputs, then the ``extras``.
            Raises ``ShapeError``, as every rule and helper here does for tensors that do not fit; their docstrings do
            not repeat it.
        cost: Specs of the inputs to work done.
        forward: Arrays to array, or a tuple in the order of ``shape``. The reference: clear first, fast second.
        backward: ``(attrs, grad_y, *tensors, **saved)`` to one gradient per tensor, None where there is none.
            ``grad_y`` is a tuple if there are several outputs. ``saved`` are those of ``saves`` that are not inputs.
        backward_cost: ``(attrs, wanted, *specs)`` to the work of ``backward``. ``wanted`` says, one bool per tensor,
            whose gradients are needed; nothing wanted costs nothing. What ``backward`` computes only because it was
            not kept (scores of an attention) is not counted. ``FREE`` itself says that a gradient is that of ``y`` or
            a view of it, and takes no memory; ``COPIED`` that it does, although nothing is computed.
        saves: Names whose values ``backward`` reads: inputs, ``"y"``, ``"y1"`` for the second of several outputs, or
            extras. Training memory counts them. A mapping also says for the gradients of which inputs, where not all
            read it: ``{"x": ("weight",)}``.
        extras: Names of results that only ``backward`` uses (pooling positions), last in what ``forward`` returns.
        view: Whether the outputs are views of the first input: same storage, no work, no traffic.
        extent: How far an output position reaches over the input: what receptive fields grow by.
        random: Whether ``forward`` takes a keyword ``rng``, a NumPy Generator.
        complex_with: What complex numbers meet in it: others, or real ones. The work of its rules is then that on
            their parts (``netweight.ops.parts``); ``"counted"`` if the rules themselves say so.
        dims: Names of the dimensions of each tensor, as in ``{"weight": "c_out c_in/groups *k"}``; reports use them.
        says: What a function of that name gives, in one sentence. Where it says something, ``functions`` has one that
            takes the inputs, then the attributes, and ``netweight.build`` offers it.
        spelled: Names of the operator elsewhere.
    """

    name: str
    kind: OpKind
    shape: Callable[..., Specs]
    cost: Callable[..., Cost]
    forward: Callable[..., Any]
    backward: Callable[..., tuple[Array | None, ...]]
    backward_cost: Callable[..., Cost]
    extent: Callable[..., Extent]
    attrs: type | None = None
    inputs: tuple[str, ...] = ("x",)
    saves: Saves = ()
    extras: tuple[str, ...] = ()
    view: bool = False
    random: bool = False
    complex_with: Literal["complex", "real", "counted"] = "complex"
    dims: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    spelled: Spelled = Spelled()

    @property
    def differentiable(self) -> bool:
        """Whether ``backward`` gives gradients."""
        return self.backward is not not_differentiable

    def saved_for(self, wanted: Collection[str]) -> tuple[str, ...]:
        """What the gradients of the inputs of those names read."""
        if isinstance(self.saves, Mapping):
            return tuple(name for name, readers in self.saves.items() if any(name in wanted for name in readers))
        return tuple(self.saves) if wanted else ()

    def slot_names(self, count: int) -> tuple[str, ...]:
        """One name per tensor of a call with ``count`` tensors: ``("x0", "x1")`` for ``"*xs"``."""
        if not self.inputs or not self.inputs[-1].startswith("*"):
            return self.inputs[:count]
        fixed, stem = self.inputs[:-1], self.inputs[-1][1:].removesuffix("s")
        return (*fixed, *(f"{stem}{index}" for index in range(count - len(fixed))))


REGISTRY: Registry[OpDef] = Registry("operator", homes(OPERATORS))


def register(op: OpDef) -> OpDef:
    """Add an operator to the table.

    Raises:
        ValueError: If the name is taken.
    """
    REGISTRY.add(op.name, op)
    return op


def _by_parts(op: OpDef) -> OpDef:
    """The operator with the work on complex numbers counted by their parts."""
    if op.complex_with == "counted":
        return op
    rules = WITH_REAL if op.complex_with == "real" else WITH_COMPLEX

    def counted(rule: Callable[..., Cost]) -> Callable[..., Cost]:
        @wraps(rule)
        def of(attrs: Any, *given: Any) -> Cost:
            cost = rule(attrs, *given)
            if cost is FREE or not [x for x in given if isinstance(x, TensorSpec) and x.dtype in COMPLEX]:
                return cost
            done = {kind: count for kind in WORK_KINDS if (count := getattr(cost, kind))}
            return Cost(**of_parts(done, rules)) if done else cost

        return of

    return replace(op, cost=counted(op.cost), backward_cost=counted(op.backward_cost))


def _defining(make: Callable[_Fields, OpDef]) -> Callable[_Fields, OpDef]:
    def define(*args: _Fields.args, **kwargs: _Fields.kwargs) -> OpDef:
        return register(_by_parts(make(*args, **kwargs)))

    return define


define = _defining(OpDef)
"""Add an operator with these fields to the table."""


def not_differentiable(*_args: Any, **_saved: Any) -> tuple[Array | None, ...]:
    """Backward of an operator that has no gradient; the runtime never calls it."""
    raise TypeError("this operator has no gradient")


def free(*_args: Any) -> Cost:
    """No work: it moves or renames data and computes nothing."""
    return FREE


def copied(_attrs: Any, wanted: Wanted, *_specs: TensorSpec | None) -> Cost:
    """No work: gradients are copies or zeros, in memory of their own."""
    return COPIED if any(wanted) else FREE


def as_tuple(result: Any) -> tuple[Any, ...]:
    """What a shape or forward rule returned, always as a tuple."""
    return result if isinstance(result, tuple) else (result,)


def output_specs(op: OpDef, attrs: Any, *inputs: TensorSpec | None) -> tuple[TensorSpec, ...]:
    """Specs of the visible outputs, without the extras."""
    specs = as_tuple(op.shape(attrs, *inputs))
    return specs[: len(specs) - len(op.extras)]


def forward(
    op: OpDef, attrs: Any, inputs: tuple[Array | None, ...], **rng: Any
) -> tuple[tuple[Array, ...], dict[str, Array]]:
    """Run the reference forward: the visible outputs, and the named results that ``backward`` may read."""
    results = as_tuple(op.forward(attrs, *inputs, **rng))
    visible = len(results) - len(op.extras)
    saved = dict(zip(op.extras, results[visible:], strict=True))
    saved |= {f"y{index or ''}": result for index, result in enumerate(results[:visible])}
    return results[:visible], {name: array for name, array in saved.items() if name in op.saves}
