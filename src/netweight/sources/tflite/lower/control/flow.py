"""Control flow: branches, loops and calls of subgraphs.

A branch that is known is read alone, a loop whose end is known is read that often. What only a run knows is said in the
notes: of two branches the dearer one counts, of a loop one iteration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.errors import FormatError, ShapeError
from netweight.sources.onnx.tensor import LeftOut, Tensor, is_weight
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers

_UNFIT = (ShapeError, FormatError)
"""What a branch raises that cannot take the shapes of a call."""
_MOST_CALLS = 100_000
"""Calls of operators up to which a loop is read iteration by iteration."""


def _title(call: TfliteCall) -> str:
    return f"{call.kind} {call.info.index}"


@lowers("IF")
def if_(call: TfliteCall, condition: Any, *inputs: Any) -> Any:
    """The branch that the condition says; the dearer one if only a run knows."""
    branches = {"then": call.option("then_subgraph_index"), "else": call.option("else_subgraph_index")}
    if isinstance(condition, Tensor) and condition.known:
        return call.reader.subgraph(call, branches["then" if condition.item() else "else"], inputs)
    return _dearer(call, branches, inputs)


def _dearer(call: TfliteCall, branches: dict[str, int], inputs: Sequence[Any]) -> Any:
    """Results of the branch with more operations; the other is taken back."""
    with call.reader.attempt() as attempt:
        found: dict[str, Any] = {}
        failed: dict[str, Exception] = {}
        for name, number in branches.items():
            try:
                results = call.reader.subgraph(call, number, inputs)
                work = attempt.cost()
                price = work.ops_total, int(work.macs), attempt.params()
                found[name] = (results, price, attempt.undo())
            except _UNFIT as error:
                attempt.undo()
                failed[name] = error
        if not found:
            raise failed["then"]
        kept = max(found, key=lambda name: found[name][1][0])
        results, _, taken = found[kept]
        attempt.redo(taken)
    _note(call, kept, found, failed)
    return results


def _note(call: TfliteCall, kept: str, found: dict[str, Any], failed: dict[str, Exception]) -> None:
    other = {"then": "else", "else": "then"}[kept]
    if other in failed:
        call.note(f"{_title(call)}: the {kept} branch is counted, as the {other} branch cannot take these shapes")
        return
    _, macs, params = found[other][1]
    call.note(
        f"{_title(call)}: which branch runs follows from numbers that only a run has; the {kept} branch is counted, "
        f"the {other} branch would be {macs:,} MACs and {params:,} parameters",
        guess=True,
    )


@lowers("WHILE")
def while_(call: TfliteCall, *states: Any) -> Any:
    """The body, as often as the condition says; once if only a run knows."""
    with call.reader.attempt() as attempt:
        found = _unrolled(call, states, attempt)
        if found is not None:
            return found
        attempt.undo()
    return _once(call, states)


def _unrolled(call: TfliteCall, states: Sequence[Any], attempt: Any) -> tuple[Any, ...] | None:
    """States after all iterations; None if nothing says how many there are, or if they are too many."""
    condition, body = call.option("cond_subgraph_index"), call.option("body_subgraph_index")
    while True:
        (going,) = call.reader.subgraph(call, condition, states)
        if not isinstance(going, Tensor) or not going.known or attempt.calls > _MOST_CALLS:
            return None
        if not going.item():
            return tuple(states)
        states = call.reader.subgraph(call, body, states)


def _once(call: TfliteCall, states: Sequence[Any]) -> tuple[Any, ...]:
    """One iteration in the place of all; a state whose shape changes is left out."""
    condition, body = call.option("cond_subgraph_index"), call.option("body_subgraph_index")
    call.note(f"{_title(call)}: how often it runs is known in a run alone; one iteration is counted", guess=True)
    any_time = [_any(call, state) for state in states]
    call.reader.subgraph(call, condition, any_time)
    after = call.reader.subgraph(call, body, any_time)
    why = f"the shape follows from how often {_title(call)} runs"
    return tuple([_after(old, new, why) for old, new in zip(states, after, strict=True)])


def _any(call: TfliteCall, state: Any) -> Any:
    """A state as it is in any iteration: its numbers at the start are not known to be its numbers later."""
    if not isinstance(state, Tensor) or not (state.fixed or state.known):
        return state
    name = call.recording.name_of(state, call.kind) if is_weight(state) or state.learned else ""
    return Tensor(state.label, state.spec, role=state.role, name=name)


def _after(before: Any, after: Any, why: str) -> Any:
    same = not isinstance(before, Tensor) or not isinstance(after, Tensor) or before.shape == after.shape
    return after if same else LeftOut(why)


@lowers("CALL")
def call_(call: TfliteCall, *inputs: Any) -> Any:
    """Another subgraph."""
    return call.reader.subgraph(call, call.option("subgraph"), inputs)


@lowers("STABLEHLO_COMPOSITE")
def composite(call: TfliteCall, *inputs: Any) -> Any:
    """A part of a network under a name, which a runtime may have a kernel for."""
    return call.reader.subgraph(call, call.option("decomposition_subgraph_index"), inputs)


@lowers("STABLEHLO_WHILE")
def stablehlo_while(call: TfliteCall, *states: Any) -> Any:
    return while_(call, *states)
