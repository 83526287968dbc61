"""What weighing a network found: plain data with the unit in every name, the same in Python and in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from netweight.count import formula
from netweight.lazy_modules import json
from netweight.results.as_json import fields_of
from netweight.results.rows import Rows

if TYPE_CHECKING:
    from netweight.results.fault import Fault
    from netweight.results.integer import Integers
    from netweight.results.training import Training

SCHEMA = "netweight/profile/1"

FORMULA_FIELDS = (
    "params", "macs", "adds", "muls", "divs", "compares", "exps", "logs", "sqrts", "pows", "tanhs", "erfs", "trigs",
    "logics", "activation_count", "bytes_read", "bytes_written",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class InputInfo:
    """A tensor that the caller supplies."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What was weighed.

    Attributes:
        name: Name of the network.
        source: ``"builtin"``, ``"graph"`` or the kind of file.
        inputs: Tensors that the caller supplies.
        digest: Hash of the graph's structure: equal for equal networks.
        call: What is called, where it is not one forward: ``"method encode_image"``, a step of decoding in words.
        inputs_guessed: Whether nobody gave an input and one was guessed; a note says from what.
        published: What the published network of that name has, where an input makes another one of it.
    """

    name: str
    source: str
    inputs: tuple[InputInfo, ...]
    digest: str
    call: str = ""
    inputs_guessed: bool = False
    published: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over the network.

    Attributes:
        params: Learned scalars, a shared tensor once.
        params_no_bias: The same without the tensors that are read as a bias.
        active_params: Those that one token meets: of a mixture of experts the chosen share, of all else what is read.
        trainable_params: Those that a step of training changes: floating numbers that ask for a gradient.
        frozen_params: The others: ``requires_grad=False``, integers, those that ``freeze`` names.
        buffers: Scalars of state that is not learned.
        model_size_bytes: Parameters at their width, with scales and zero points; weights in buffers are among them.
        macs: Multiply-accumulates.
        flops: Floating-point operations: two per MAC and all others, in layers of floating type.
        contraction_flops: The part of ``flops`` that is 2 x MACs: what papers print as FLOPs.
        ops_total: Operations whatever the type.
        bytes_read: Bytes that layers read from main memory, nothing cached.
        bytes_written: Bytes that layers write to main memory.
        logical_params: Weights that the network computes with: those that are packed one by one, also in buffers.
        weight_dtypes: How many of them are stored as which element type: ``{"int4 in int32": 2048, "float32": 32}``.
    """

    params: int
    params_no_bias: int
    active_params: int
    trainable_params: int
    frozen_params: int
    buffers: int
    model_size_bytes: int
    macs: int
    flops: int
    contraction_flops: int
    ops_total: int
    bytes_read: int
    bytes_written: int
    logical_params: int
    weight_dtypes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Activations:
    """Activation memory under one convention.

    Attributes:
        total_count: Elements of all activations, network input included.
        peak_count: Elements at the worst moment.
        total_bytes: Bytes of all activations.
        peak_bytes: Bytes at the worst moment.
        peak_layer: Layer that runs at the worst moment.
        peak_tensors: Values alive then.
        peak_tensor_counts: Elements of each of them.
        peak_tensor_bytes: Bytes of each of them; ``peak_bytes`` has those of temporaries beside them.
        peak_step: Which of the calls that is, counted from 1.
    """

    total_count: int
    peak_count: int
    total_bytes: int
    peak_bytes: int
    peak_layer: str
    peak_tensors: tuple[str, ...]
    peak_tensor_counts: tuple[int, ...] = ()
    peak_tensor_bytes: tuple[int, ...] = ()
    peak_step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownOp:
    """Operators whose work is unknown, by layer; they are never counted as zero.

    Attributes:
        op: Operator.
        layer: Where it is called.
        count: Calls.
        reason: Whether there is no rule for it, or its shapes follow from numbers that only a run has.
    """

    op: str
    layer: str
    count: int
    reason: Literal["no rule", "shape unknown"] = "no rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOp:
    """An operator that a rule of the user's counts.

    Attributes:
        op: Operator.
        count: Calls.
        rule: File and line of the rule.
        says: What the rule says of itself.
    """

    op: str
    count: int
    rule: str
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of the network the figures speak of.

    Attributes:
        nodes: Operator calls.
        counted: Calls that do work.
        free: Calls that do none by a stated rule: views, copies, lookups.
        unknown: Calls of operators without a rule, or of unknown shape.
        complete: Whether nothing is unknown and nothing was left out.
        stopped_at: Layer at which capture failed, None if it did not.
        guesses: Those of the notes after which figures may not be exact.
        own_rules: Operators among the counted and free ones that rules of the user's count.
    """

    nodes: int
    counted: int
    free: int
    unknown: tuple[UnknownOp, ...] = ()
    complete: bool = True
    stopped_at: str | None = None
    guesses: tuple[str, ...] = ()
    own_rules: tuple[OwnOp, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """Cost of one layer, all its calls together; None where it is unknown.

    Attributes:
        layer: Module path.
        op: Operator; ``"input"`` for a tensor that the caller supplies.
        kind: Sort of operator.
        input_shapes: Shapes of the activations read by the first call.
        output_shapes: Shapes written by the first call.
        dtype: Element type of the arithmetic.
        settings: What was set of the first call, by name: ``{"kernel_size": (3, 3), "stride": (1, 1), ...}``.
        weight_shapes: Shapes of the stored tensors that the first call reads: ``{"weight": (64, 3, 7, 7)}``.
        params: Learned scalars first read here.
        params_no_bias: The same without the bias.
        buffers: Scalars of state first read here.
        model_size_bytes: Bytes of ``params`` and of weights in buffers at their width, with scales and zero points.
        logical_params: Weights first read here, those that are packed one by one, also in buffers.
        weight_dtype: Element type of most of them as they are stored: ``float32``, ``int4 in int32``.
        macs: Multiply-accumulates; ``adds`` ... ``logics`` are operations outside them, by kind.
        flops: Floating-point operations, 2 per MAC.
        ops_total: Operations whatever the type.
        activation_count: Elements of new activations; views and operators that the ``lecture`` convention has in
            place (activation functions, normalisation, dropout) make none.
        activation_bytes: Bytes of ``activation_count``.
        bytes_read: Bytes of weights and activations read.
        bytes_written: Bytes of activations written.
        receptive_field: Input positions that one output position depends on, per dimension.
        calls: How often the layer runs.
    """

    layer: str
    op: str
    kind: str
    input_shapes: tuple[tuple[int, ...], ...]
    output_shapes: tuple[tuple[int, ...], ...]
    dtype: str
    params: int
    params_no_bias: int
    buffers: int
    model_size_bytes: int
    logical_params: int
    weight_dtype: str
    macs: int | None
    flops: int | None
    ops_total: int | None
    adds: int | None
    muls: int | None
    divs: int | None
    compares: int | None
    exps: int | None
    logs: int | None
    sqrts: int | None
    pows: int | None
    tanhs: int | None
    erfs: int | None
    trigs: int | None
    logics: int | None
    activation_count: int | None
    activation_bytes: int | None
    bytes_read: int | None
    bytes_written: int | None
    receptive_field: tuple[int, ...] | None
    calls: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    weight_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)

    @staticmethod
    def of(figures: Mapping[str, Any]) -> LayerRow:
        """Row of all these figures, by name: a network has many, and the constructor sets them one by one."""
        row = object.__new__(LayerRow)
        row.__dict__.update(figures)
        return row

    def at(self, layer: str, receptive_field: tuple[int, ...] | None) -> LayerRow:
        """The same cost at another place of the network."""
        row = object.__new__(LayerRow)
        row.__dict__.update(self.__dict__, layer=layer, receptive_field=receptive_field)
        return row

    @property
    def formulas(self) -> dict[str, str]:
        """The arithmetic behind each figure that is not zero."""
        named = ((name, getattr(self, name)) for name in FORMULA_FIELDS)
        return {name: formula(value) for name, value in named if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleRow:
    """Sums of what is below a module path; children sum to the parent. The root is ``""``."""

    module: str
    kind: str
    layers: int
    params: int
    params_no_bias: int
    buffers: int
    model_size_bytes: int
    macs: int
    flops: int
    ops_total: int
    activation_count: int
    activation_bytes: int
    bytes_read: int
    bytes_written: int


class Layers(Rows[LayerRow]):
    """The layers, in execution order."""

    kind = "layer"
    path_field = "layer"


class Modules(Rows[ModuleRow]):
    """The modules, parents before children, the whole network first."""

    kind = "module"
    path_field = "module"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a network costs, layer by layer.

    Attributes:
        model: What was weighed.
        totals: Sums over the layers.
        activations: Activation memory under each convention asked for.
        coverage: How much of the network the figures speak of.
        layers: One row per layer, in execution order; a tuple that also takes a path: ``layers["conv1"]``.
        modules: Sums per module path, parents before children; also by path: ``modules["layer1"]``.
        notes: What a reader must know.
        training: What a step of training costs, where it was asked for.
        fault: Where and why the forward raised, if it did.
        counting: Choices of counting that are not the usual ones: ``{"causal": "half"}``.
        integer: Kernels of integers that conversions and operators of a quantised network became.
    """

    model: ModelInfo
    totals: Totals
    activations: Mapping[str, Activations]
    coverage: Coverage
    layers: Layers
    modules: Modules
    notes: tuple[str, ...] = field(default=())
    training: Training | None = None
    fault: Fault | None = None
    counting: Mapping[str, str] | None = None
    integer: Integers | None = None

    def __post_init__(self) -> None:
        """Make rows that are found by path of rows in a plain tuple."""
        for name, rows in (("layers", Layers), ("modules", Modules)):
            if not isinstance(getattr(self, name), rows):
                object.__setattr__(self, name, rows(getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/profile/1``; without ``None`` ones."""
        return {"schema": SCHEMA, **{name: value for name, value in fields_of(self).items() if value is not None}}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; integers are exact and have their unit in the key."""
        return json.dumps(self.to_dict(), indent=indent)
