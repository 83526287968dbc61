"""What each ONNX operator is in the table: one function per operator, in ONNX's names."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeAlias

from netweight.errors import FormatError
from netweight.index import READS, homes
from netweight.registry import Registry

if TYPE_CHECKING:
    from onnx import NodeProto

Rule: TypeAlias = Callable[..., Any]


RULES: Registry[Rule] = Registry("rule of the ONNX operator", homes(READS))


def lowers(*names: str) -> Callable[[Rule], Rule]:
    """Register a function as the meaning of ONNX operators: ``"Conv"``, ``"com.microsoft.FusedConv"``.

    The function takes the ``Call`` and one ``Tensor`` per input, None where an optional one is left out, and returns
    one ``Tensor`` per output, as a tuple if there are several. It raises ``DependsOnDataError`` (by asking a tensor for
    its numbers) where a shape follows from numbers that only a run has.
    """

    def register(rule: Rule) -> Rule:
        for name in names:
            RULES.add(name, rule)
        return rule

    return register


def one_kernel(rule: Rule) -> Rule:
    """Mark what a rule records as the work of one kernel: values inside of it are not activations."""

    @wraps(rule)
    def marked(call: Any, *inputs: Any) -> Any:
        before = len(call.recording.nodes)
        results = rule(call, *inputs)
        for node in call.recording.nodes[before:]:
            node.fused = True
        return results

    return marked


@cache
def _counts(rule: Rule) -> tuple[int, float]:
    """How many inputs a rule takes."""
    parameters = list(inspect.signature(rule).parameters.values())[1:]
    needed = sum(1 for p in parameters if p.default is p.empty and p.kind == p.POSITIONAL_OR_KEYWORD)
    return needed, math.inf if any(p.kind == p.VAR_POSITIONAL for p in parameters) else len(parameters)


def check_count(rule: Rule, node: NodeProto) -> None:
    """Refuse a node with inputs that its operator does not have.

    Raises:
        FormatError: If there are too few or too many.
    """
    least, most = _counts(rule)
    if not least <= len(node.input) <= most:
        raise FormatError(f"{node.op_type}: expected {least} to {most} inputs, got {len(node.input)}")
