"""Operators of a file that a rule of the user's counts."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from netweight.ir import TensorSpec
from netweight.own_rules.asking import answer_of, mistake
from netweight.own_rules.sizes import sized
from netweight.own_rules.table import OwnRule
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.onnx.tensor import Tensor


def counted(
    recording: OnnxRecording,
    rule: OwnRule,
    inputs: Sequence[Any],
    settings: Mapping[str, Any],
    outputs: Sequence[TensorSpec] | None,
) -> tuple[Any, ...]:
    """Results of a node, of which the rule says what it costs.

    Args:
        recording: Where it is recorded.
        rule: The rule; it gets inputs by position and settings by name.
        inputs: What the node reads.
        settings: Its attributes.
        outputs: What the file says of its outputs, None if it does not.

    Raises:
        RuleError: If the rule is wrong, or does not take these inputs and attributes.
    """
    tensors = [value if isinstance(value, Tensor) else None for value in inputs]
    settings = {name: value for name, value in settings.items() if not hasattr(value, "DESCRIPTOR")}
    names = _names(rule, len(tensors), settings)
    seen = [None if tensor is None else sized(name, tensor.spec) for name, tensor in zip(names, tensors, strict=True)]
    read = {name: tensor for name, tensor in zip(names, tensors, strict=True) if tensor is not None}
    specs = {name: tensor.spec for name, tensor in read.items()}
    attrs = answer_of(rule, seen, settings, specs, outputs=outputs, settings=settings)
    results = [Tensor(rule.name, TensorSpec(shape, dtype)) for shape, dtype in attrs.outputs]
    recording.record(rule.name, attrs, tuple(read.values()), results)
    return tuple(results)


def _names(rule: OwnRule, count: int, settings: dict[str, Any]) -> list[str]:
    """What the rule calls each input; those behind a star are ``xs.0``, ``xs.1``."""
    signature = inspect.signature(rule.function)
    try:
        signature.bind(*[None] * count, **settings)
    except TypeError as error:
        taken = ", ".join([f"{count} input{'' if count == 1 else 's'}", *settings])
        text = f"expected a function that takes {taken} as the node has them, got {signature}"
        raise mistake(rule, text, why=str(error), fix="**attributes takes those that do not matter") from error
    names: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            names.extend(f"{parameter.name}.{at}" for at in range(count - len(names)))
        elif parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            names.append(parameter.name)
    return names[:count]
