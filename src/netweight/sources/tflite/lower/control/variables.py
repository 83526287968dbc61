"""Variables: what a network keeps from one run to the next.

A handle names a variable. Reading gives what it holds by now, assigning replaces that. What it holds at the start of a
run is a buffer; what it holds at the end is the next state of it. A subgraph that runs once says the first numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netweight.errors import FormatError
from netweight.ir import TensorSpec
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers


@dataclass(slots=True, eq=False)
class Variable:
    """A variable.

    Attributes:
        name: Its name.
        start: What it holds when a run begins, None as long as nobody has read it.
        now: What it holds by now, None as long as nobody has assigned to it.
        first: What a subgraph that runs once assigned to it.
    """

    name: str
    start: Tensor | None = None
    now: Tensor | None = None
    first: Tensor | None = None


@lowers("VAR_HANDLE")
def var_handle(call: TfliteCall) -> Any:
    name = call.option("shared_name", "") or call.option("container", "") or call.out.name
    return call.reader.variables.setdefault(name, Variable(name))


@lowers("READ_VARIABLE")
def read_variable(call: TfliteCall, variable: Any) -> Any:
    held = _checked(call, variable)
    if held.now is not None:
        return held.now
    if held.start is None:
        spec = held.first.spec if held.first is not None else TensorSpec(call.out.shape, call.out.dtype)
        held.start = Tensor(held.name, spec, role="buffer")
        held.now = held.start
    return held.start


@lowers("ASSIGN_VARIABLE")
def assign_variable(call: TfliteCall, variable: Any, value: Tensor) -> Any:
    held = _checked(call, variable)
    if call.reader.preparing:
        held.first = value
    else:
        held.now = value
    return ()


@lowers("CALL_ONCE")
def call_once(call: TfliteCall) -> Any:
    """What a subgraph does once, before the first run: it is no work of a run."""
    call.reader.prepare(call, call.option("init_subgraph_index"))
    return ()


def _checked(call: TfliteCall, variable: Any) -> Variable:
    if not isinstance(variable, Variable):
        raise FormatError(f"{call.kind}: expected a handle of a variable, got none")
    return variable
