"""A tensor in the graph: where it comes from, how its numbers are made, and how a model keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.ir.spec import TensorSpec

ValueKind = Literal["input", "parameter", "buffer", "constant", "activation"]
InitKind = Literal["zeros", "ones", "normal", "uniform", "values"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """How the numbers of a parameter, buffer or constant are made when a network is run.

    Attributes:
        kind: Distribution, or ``"values"`` for fixed numbers.
        scale: Standard deviation of ``normal``, bound of ``uniform``.
        values: The numbers in row-major order, for ``"values"``.
    """

    kind: InitKind
    scale: float = 1.0
    values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """What a quantised tensor stores beside its elements.

    Attributes:
        group_size: Elements that share one scale.
        scale_bits: Bits of a scale.
        zero_point_bits: Bits of a zero point; 0 for symmetric quantisation.
        elements: Weights that the stored numbers hold where several share one, as two of four bits share a byte; 0 if
            each number is one weight.
    """

    group_size: int
    scale_bits: int = 16
    zero_point_bits: int = 0
    elements: int = 0

    def nbytes(self, numel: int) -> int:
        """Bytes of the scales and zero points of ``numel`` elements."""
        groups = -(-numel // self.group_size)
        return -(-groups * (self.scale_bits + self.zero_point_bits) // 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How a model keeps weights, where their spec does not say it.

    Attributes:
        dtype: Element type of a weight: ``int4``, ``nf4``, ``float8_e4m3fn``.
        weights: Weights that it stands for: eight for each element of an ``int32`` that packs 4-bit weights, none for
            scales.
        nbytes: Bytes of all that is kept for them: weights, scales, zero points.
        container: Element type that weights are packed in, empty where they are not.
    """

    dtype: str
    weights: int
    nbytes: int
    container: str = ""

    def __str__(self) -> str:
        """``int4 in int32``."""
        return f"{self.dtype} in {self.container}" if self.container else self.dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A tensor in the graph.

    Attributes:
        name: Unique in the graph.
        spec: Shape and element type.
        kind: Where it comes from. Parameters are learned; buffers are state that is not.
        storage: Name of the value whose memory this one lives in: its own name, or another's for a view and for
            the result of an operator that works in place.
        init: How to make its numbers, for parameters, buffers and constants.
        quantization: Scales and zero points stored beside the elements.
        stored: How weights are kept; a buffer that has it is a weight, and a constant that has it belongs to one.
    """

    name: str
    spec: TensorSpec
    kind: ValueKind = "activation"
    storage: str = ""
    init: Init | None = None
    quantization: Quantization | None = None
    stored: Stored | None = None

    def __post_init__(self) -> None:
        """A value lives in its own memory unless told otherwise."""
        if not self.storage:
            object.__setattr__(self, "storage", self.name)

    @property
    def elements(self) -> int:
        """Weights that it holds: two in each byte that two of four bits share."""
        packed = 0 if self.quantization is None else self.quantization.elements
        return packed or self.spec.numel

    @property
    def stored_bytes(self) -> int:
        """Bytes in a model file: elements, scales and zero points."""
        if self.stored is not None:
            return self.stored.nbytes
        if self.quantization is None:
            return self.spec.nbytes
        return self.spec.nbytes + self.quantization.nbytes(self.spec.numel)

    @property
    def weighs(self) -> bool:
        """Whether it is part of the model's size: parameters, and what else is kept of weights."""
        return self.kind == "parameter" or (self.stored is not None and self.kind in ("buffer", "constant"))

    @property
    def weights(self) -> int:
        """Weights that a network computes with: elements, where they are not packed."""
        return self.elements if self.stored is None else self.stored.weights

    @property
    def kept_as(self) -> str:
        """Element type of the weights: ``float32``, ``int4 in int32``."""
        if self.stored is not None:
            return str(self.stored)
        if self.elements == self.spec.numel:
            return self.spec.dtype
        return f"uint{8 * self.spec.nbytes // self.elements} in {self.spec.dtype}"
