"""What a step of training holds, as a line beside the conventions of inference."""

from __future__ import annotations

from netweight.analysis.training import training_cost
from netweight.ir import Graph
from netweight.results.memory import ConventionMemory, Tensor

ABOUT = "a step of training: parameters, gradients, optimiser state, and what backward reads stay in memory"
_WORDS = {
    "parameters": "parameters", "buffers": "buffers and constants", "inputs": "input", "saved": "saved for backward",
    "activations": "activations that backward does not read", "gradients": "gradients of activations",
    "parameter_gradients": "gradients of parameters", "optimizer_state": "state of the optimiser",
    "recomputed": "computed again", "scratch": "of the optimiser's arithmetic",
}  # fmt: skip


def training_row(graph: Graph, *, keeps: str, optimizer: str = "sgd") -> ConventionMemory:
    """Memory of one step of training, by what the bytes are.

    Args:
        graph: The network in training mode.
        keeps: What decides which tensors backward keeps: ``"ideal"`` or ``"torch-eager"``.
        optimizer: What updates the parameters.
    """
    found = training_cost(graph, optimizer=optimizer, convention=keeps)
    parts = sorted(found.peak_parts.items(), key=lambda part: -part[1])
    types = sorted({graph.spec(name).dtype for name, value in graph.values.items() if value.kind == "parameter"})
    widths = ", ".join(types) or "no parameters"
    return ConventionMemory(
        about=ABOUT,
        kernels="written",
        peak_bytes=found.peak_bytes,
        peak_step=0,
        peak_layer=found.peak_layer or found.peak_phase,
        why=(
            f"a step of training with {found.optimizer}, worst in {found.peak_phase}, in numbers as described "
            f"({widths}): {found.saved_activation_bytes:,} bytes wait for backward, and parameters, gradients and "
            "buffers are counted, as in no other convention here"
        ),
        live=tuple(
            Tensor(name=_WORDS.get(name, name), shape=(), dtype="", nbytes=nbytes, first_step=0, last_step=0)
            for name, nbytes in parts
        ),
    )
