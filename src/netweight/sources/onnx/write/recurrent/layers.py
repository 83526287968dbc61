"""Recurrent layers: gates in ONNX's order, weights with a direction in front."""

from __future__ import annotations

from typing import Any

from netweight.lazy import Array, np
from netweight.ops.recurrent.gru import GruAttrs
from netweight.ops.recurrent.lstm import LstmAttrs
from netweight.ops.recurrent.rnn import RnnAttrs
from netweight.ops.table import REGISTRY
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step

# Place of ONNX's gates among ours: i o f c among i f g o, z r h among r z n.
_ORDERS = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
_NAMES = {
    "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "affine": "Affine", "leaky_relu": "LeakyRelu",
    "thresholded_relu": "ThresholdedRelu", "scaled_tanh": "ScaledTanh", "hardsigmoid": "HardSigmoid", "elu": "Elu",
    "softsign": "Softsign", "softplus": "Softplus",
}  # fmt: skip

_BETA = ("affine", "scaled_tanh", "hardsigmoid")
_ALPHA = (*_BETA, "leaky_relu", "thresholded_relu", "elu")


@writes("rnn", "gru", "lstm")
def recurrent(step: Step) -> None:
    """RNN, GRU or LSTM of one direction."""
    op, definition = step.node.op, REGISTRY[step.node.op]
    slots = {name: at for at, name in enumerate(definition.slot_names(len(step.node.inputs))) if step.names[at]}
    states = 2 if op == "lstm" else 1
    hidden = step.spec(slots["weight_hh"]).shape[1]
    wide = [_rows(step, slots[name], op, hidden) for name in ("weight_ih", "weight_hh")]
    first = [step.value("Unsqueeze", name, step.ints(0)) if name else "" for name in step.names[1 : 1 + states]]
    lengths = step.typed(slots["lengths"], "int32") if "lengths" in slots else ""
    read = [step.names[0], *wide, _bias(step, slots["weight_hh"] + 1, op, hidden), lengths, *first]
    if "peephole" in slots:
        i, f, o = step.several("Split", 3, step.names[slots["peephole"]], step.ints(*(hidden,) * 3), axis=0)
        read.append(step.value("Unsqueeze", step.value("Concat", i, o, f, axis=0), step.ints(0)))
    made = step.several(op.upper(), 1 + states, *read, hidden_size=hidden, **_settings(step.attrs))
    step.output(0, "Squeeze", made[0], step.ints(1))
    for at in range(1, 1 + states):
        step.output(at, "Squeeze", made[at], step.ints(0))


def _settings(attrs: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"direction": "reverse" if attrs.reverse else "forward", "clip": attrs.clip}
    if isinstance(attrs, RnnAttrs) or attrs.activations != type(attrs)().activations:
        settings["activations"] = [_NAMES[name] for name, _, _ in attrs.activations]
        # The lists have entries only for functions that read alpha or beta.
        settings["activation_alpha"] = [alpha for name, alpha, _ in attrs.activations if name in _ALPHA] or None
        settings["activation_beta"] = [beta for name, _, beta in attrs.activations if name in _BETA] or None
    if isinstance(attrs, GruAttrs):
        settings["linear_before_reset"] = int(attrs.reset_after)
    if isinstance(attrs, LstmAttrs) and attrs.coupled:
        settings["input_forget"] = 1
    return settings


def _rows(step: Step, at: int, family: str, hidden: int) -> str:
    """A weight with its gates in ONNX's order and a direction in front: stored so where its numbers are at hand."""
    order, name = _ORDERS[family], step.names[at]
    stored = step.rewritten([name], lambda array: _in_order(array, order)[None])
    return stored or step.value("Unsqueeze", _sorted(step, name, order, hidden), step.ints(0))


def _in_order(array: Array, order: tuple[int, ...]) -> Array:
    """The gates of a stored weight or bias, in ONNX's order."""
    return array.reshape(len(order), -1)[list(order)].reshape(array.shape)


def _sorted(step: Step, name: str, order: tuple[int, ...], hidden: int) -> str:
    """The gates of a weight that is computed, in ONNX's order."""
    if len(order) == 1:
        return name
    parts = step.several("Split", len(order), name, step.ints(*(hidden,) * len(order)), axis=0)
    return step.value("Concat", *(parts[at] for at in order), axis=0)


def _bias(step: Step, at: int, family: str, hidden: int) -> str:
    """Both biases one after the other; zeros for one that is left out alone."""
    names = step.names[at : at + 2]
    if not any(names):
        return ""
    order = _ORDERS[family]
    if all(names):
        stored = step.rewritten(names, lambda *both: np.concatenate([_in_order(bias, order) for bias in both])[None])
        if stored:
            return stored
    zeros = "" if all(names) else step.filled(0, (len(order) * hidden,))
    parts = [_sorted(step, name, order, hidden) if name else zeros for name in names]
    return step.value("Unsqueeze", step.value("Concat", *parts, axis=0), step.ints(0))
