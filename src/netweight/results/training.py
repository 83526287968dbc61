"""What training a network costs, layer by layer: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netweight.count import formula

TRAINING_FORMULA_FIELDS = ("backward_macs", "recomputed_macs")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow:
    """What training one layer costs, all its calls together; None where it is unknown.

    Attributes:
        layer: Module path.
        op: Operator.
        backward_macs: Multiply-accumulates of the gradients that are needed, and of what the program itself runs again.
        backward_flops: Floating-point operations of backward, 2 per MAC.
        recomputed_macs: Multiply-accumulates of the forward that run again in modules that are to be checkpointed.
        recomputed_flops: Floating-point operations of that.
        saved_activation_bytes: Memory kept for backward, charged to the first layer whose backward reads it.
        gradient_bytes: Gradients of the parameters that are first read here.
        gradients: Tensors whose gradients the first call computes, by what each is to the operator: ``("weight",)``.
        no_gradients: Its other floating activations and parameters: frozen, or nothing before them is trained.
    """

    layer: str
    op: str
    backward_macs: int | None
    backward_flops: int | None
    recomputed_macs: int | None
    recomputed_flops: int | None
    saved_activation_bytes: int
    gradient_bytes: int
    gradients: tuple[str, ...] = ()
    no_gradients: tuple[str, ...] = ()

    @property
    def formulas(self) -> dict[str, str]:
        """The arithmetic behind the figures that are not bytes, where they are not zero."""
        named = ((name, getattr(self, name)) for name in TRAINING_FORMULA_FIELDS)
        return {name: formula(value) for name, value in named if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMemory:
    """Memory of a training step under one convention.

    Attributes:
        saved_activation_bytes: Memory kept from forward to backward, network input included, each piece once.
        peak_bytes: Bytes alive at the worst moment.
        peak_phase: ``"forward"``, ``"backward"`` or ``"update"``.
        peak_layer: Layer that runs then; empty for the update.
    """

    saved_activation_bytes: int
    peak_bytes: int
    peak_phase: str
    peak_layer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What a training step costs.

    Attributes:
        convention: What decides which tensors backward keeps: ``"ideal"``, those that the gradients need;
            ``"torch-eager"``, those that PyTorch's operators keep. The figures of memory here and in the rows are of
            this one.
        conventions: Memory of the step under each of them, by its name.
        optimizer: Name of the optimiser.
        checkpoint: Patterns of the modules that run twice instead of keeping what they write.
        freeze: Patterns of the parameters that are not trained.
        trained_params: Learned scalars that get a gradient.
        forward_macs: Multiply-accumulates of the forward.
        forward_flops: Floating-point operations of the forward.
        backward_macs: Multiply-accumulates of backward, with what the program itself runs again.
        backward_flops: Floating-point operations of backward.
        recomputed_macs: Multiply-accumulates of the forward that run again in modules that are to be checkpointed.
        recomputed_flops: Floating-point operations of that.
        update_flops: Floating-point operations of the optimiser.
        step_macs: Multiply-accumulates of the whole step.
        step_flops: Floating-point operations of the whole step.
        parameter_bytes: Parameters, trained or not.
        buffer_bytes: State that is not learned, and constants.
        gradient_bytes: Gradients of the parameters.
        optimizer_state_bytes: What the optimiser keeps from step to step.
        saved_activation_bytes: Memory kept from forward to backward, network input included, each piece once.
        peak_bytes: Bytes alive at the worst moment.
        peak_phase: ``"forward"``, ``"backward"`` or ``"update"``.
        peak_layer: Layer that runs then; empty for the update.
        peak_parts: What the bytes are.
        tinytl_saved_bytes: Memory kept for backward by the rules of TinyTL: masks of ReLU at one bit, nothing shared.
        tinytl_bytes: That and the parameters, frozen ones at 8 bits.
        layers: One row per layer, in execution order.
    """

    convention: str
    conventions: Mapping[str, StepMemory]
    optimizer: str
    checkpoint: tuple[str, ...]
    freeze: tuple[str, ...]
    trained_params: int
    forward_macs: int
    forward_flops: int
    backward_macs: int
    backward_flops: int
    recomputed_macs: int
    recomputed_flops: int
    update_flops: int
    step_macs: int
    step_flops: int
    parameter_bytes: int
    buffer_bytes: int
    gradient_bytes: int
    optimizer_state_bytes: int
    saved_activation_bytes: int
    peak_bytes: int
    peak_phase: str
    peak_layer: str
    peak_parts: Mapping[str, int]
    tinytl_saved_bytes: int
    tinytl_bytes: int
    layers: tuple[TrainingRow, ...]
