"""Control flow: branches, loops, and what is done to every element of a sequence.

A branch that is known is read alone, a loop whose trip count is known is read that often. What only a run knows is
said in the notes: of two branches the dearer one counts, of a loop one iteration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.errors import FormatError, NetweightError, ShapeError, UnsupportedOpError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axis_of
from netweight.sources.onnx.lower.control.endings import MOST_CALLS, ends, is_known, title, too_many
from netweight.sources.onnx.lower.control.unrolled import (
    OneForAll,
    Repeated,
    Sequences,
    after_all,
    picked,
    repeated,
    stacked,
    with_unknown_numbers,
)
from netweight.sources.onnx.tensor import LeftOut, Tensor
from netweight.sources.onnx.undo import Attempt

_UNFIT = (ShapeError, FormatError)
"""What a branch raises that cannot take the shapes of a call."""
_ENDLESS = 1 << 31
"""Trip counts of loops that only their condition ends."""


@lowers("If")
def if_(call: Call, cond: Tensor | LeftOut) -> Any:
    """The branch that the condition says; the dearer one if only a run knows."""
    if isinstance(cond, Tensor) and (cond.known or call.computing):
        branch = "then_branch" if cond.item() else "else_branch"
        return tuple(call.reader.subgraph(call, call.need(branch), {}))
    return _dearer_branch(call)


def _dearer_branch(call: Call) -> Any:
    with call.reader.attempt() as attempt:
        try:
            then_results, then_price = _tried(call, "then_branch", attempt)
        except _UNFIT as error:
            attempt.undo()
            return _only_arm(call, "else", error)
        then = attempt.undo()
        try:
            results, price = _tried(call, "else_branch", attempt)
        except _UNFIT as error:
            attempt.undo()
            attempt.redo(then)
            _note_only_arm(call, "then", error)
            return then_results
        kept, other, cheaper = "else", "then", then_price
        if then_price >= price:
            attempt.undo()
            attempt.redo(then)
            kept, other, cheaper = "then", "else", price
            results = then_results
    macs, params = cheaper[1], cheaper[2]
    call.note(
        f"{title(call)}: which branch runs follows from numbers that only a run has; the {kept} branch is counted, "
        f"the {other} branch would be {macs:,} MACs and {params:,} parameters",
        guess=True,
    )
    return results


def _only_arm(call: Call, kept: str, error: NetweightError) -> Any:
    """Results of the arm that is left; if it cannot take these shapes either, what the first one says is the error."""
    try:
        results = tuple(call.reader.subgraph(call, call.need(f"{kept}_branch"), {}))
    except _UNFIT:
        raise error from None
    _note_only_arm(call, kept, error)
    return results


def _note_only_arm(call: Call, kept: str, error: NetweightError) -> None:
    call.recording.steered = True
    other = {"then": "else", "else": "then"}[kept]
    call.note(
        f"{title(call)}: the {kept} branch is counted, as the {other} branch cannot take these shapes: {error.message}"
    )


def _tried(call: Call, branch: str, attempt: Attempt) -> tuple[tuple[Any, ...], tuple[int, int, int]]:
    """Results of a branch, and its operations, MACs and parameters."""
    results = tuple(call.reader.subgraph(call, call.need(branch), {}))
    work = attempt.cost()
    return results, (work.ops_total, int(work.macs), attempt.params())


@lowers("Loop")
def loop(call: Call, most: Any = None, going: Any = None, *carried: Any) -> Any:
    """The body, as often as the trip count and the condition say."""
    body = Repeated.of(call, leading=2, states=len(carried), conditions=1)
    iterations = None
    if most is not None:
        if isinstance(most, LeftOut) or not (most.known or call.computing):
            return _once(call, body, carried, None)
        iterations = max(0, int(most.item()))
    with call.reader.attempt() as attempt:
        results = _unrolled(call, body, carried, iterations, going, attempt)
        if results is not None:
            return results
        attempt.undo()
    return _once(call, body, carried, iterations)


def _unrolled(
    call: Call, body: Repeated, carried: Sequence[Any], iterations: int | None, going: Any, attempt: Attempt
) -> tuple[Any, ...] | None:
    """Results of all iterations; None if nothing says how many there are, or if they are too many to be read."""
    elements: list[list[Any]] = [[] for _ in range(body.scanned)]
    yes = call.constant(np.ones((), bool))
    doubted, iteration = False, 0
    with call.reader.iterations.loop() as begin:
        while iterations is None or iteration < iterations:
            if not is_known(going):
                if iterations is None:
                    return None
                doubted, going = True, None
            if going is not None and not going.item():
                break
            begin()
            (going,), carried, found = body.iterate((call.constant(np.array(iteration, np.int64)), yes, *carried))
            going = None if going is yes else going
            iteration += 1
            if going is None and not ends(call, iterations, iteration):
                return None
            for collected, element in zip(elements, found, strict=True):
                collected.append(element)
            left = 1 if iterations is None or (going is not None and is_known(going)) else iterations - iteration
            if not call.computing and too_many(attempt, iteration, left):
                return None
    if doubted:
        call.note(
            f"{title(call)}: all of its {iterations:,} iterations are counted, a run may end it earlier", guess=True
        )
    return (*carried, *(stacked(call, found, body.declared(at)) for at, found in enumerate(elements)))


def _once(call: Call, body: Repeated, carried: Sequence[Any], iterations: int | None) -> tuple[Any, ...]:
    """One iteration in the place of all; no shape may change from one to the next."""
    why = f"how often {title(call)} runs"
    if iterations is None or iterations > _ENDLESS:
        iterations = None
        call.note(f"{title(call)}: how often it runs is known in a run alone; one iteration is counted", guess=True)
    else:
        _only_one(call, iterations)
    number = Tensor("iteration", TensorSpec((), "int64"))
    after, elements = _any_iteration(call, body, carried, (number, call.constant(np.ones((), bool))), ())
    rows = [
        LeftOut(f"the shape follows from {why}") if iterations is None else repeated(call, e, iterations)
        for e in elements
    ]
    return (*(after_all(old, new, why) for old, new in zip(carried, after, strict=True)), *rows)


def _only_one(call: Call, iterations: int) -> None:
    call.note(
        f"{title(call)}: of {iterations:,} iterations one is counted, as all have more than {MOST_CALLS:,} operators",
        guess=True,
    )


def _any_iteration(
    call: Call, body: Repeated, states: Sequence[Any], before: Sequence[Any], behind: Sequence[Any]
) -> tuple[Sequence[Any], Sequence[Any]]:
    """States and collected outputs of an iteration that stands for all: it knows only the states that never change."""
    with call.reader.attempt() as attempt:
        changing = [with_unknown_numbers(call, state) for state in states]
        _, after, elements = body.iterate((*before, *changing, *behind))
        kept = [new is old for old, new in zip(changing, after, strict=True)]
        if any(same and old is not state for same, old, state in zip(kept, changing, states, strict=True)):
            attempt.undo()
            some = [
                state if same else with_unknown_numbers(call, state) for same, state in zip(kept, states, strict=True)
            ]
            _, after, elements = body.iterate((*before, *some, *behind))
    return after, elements


@lowers("Scan")
def scan(call: Call, *inputs: Any) -> Any:
    """The body for every slice of some inputs; from opset 9 on without a batch."""
    unknown = next((x for x in inputs if isinstance(x, LeftOut)), None)
    if unknown is not None:
        return _scanned_unknown(call, unknown, inputs)
    if call.opset < 9:
        return _batched_scan(call, *inputs)
    count = call.need("num_scan_inputs")
    states, sequences = inputs[: len(inputs) - count], inputs[len(inputs) - count :]
    axes = call.attr("scan_input_axes") or (0,) * count
    axes = [axis_of(axis, x.rank) for axis, x in zip(axes, sequences, strict=True)]
    back = call.attr("scan_input_directions") or (0,) * count
    body = Repeated.of(call, leading=0, states=len(states), sequences=count)
    after, elements = _scanned(call, body, states, Sequences(sequences, tuple(axes), tuple(back)))
    return (*after, *_put_together(call, body, elements))


def _scanned_unknown(call: Call, unknown: LeftOut, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The body once: how often it runs is unknown, and its weights are not."""
    body = Repeated.of(call, leading=0, states=len(call.need("body").input))
    body.results([x if isinstance(x, LeftOut) else LeftOut(unknown.reason) for x in inputs[-len(body.graph.input) :]])
    return (LeftOut(unknown.reason),) * len(call.node.output)


def _put_together(call: Call, body: Repeated, elements: Sequence[list[Any] | OneForAll]) -> list[Any]:
    axes = call.attr("scan_output_axes") or (0,) * body.scanned
    back = call.attr("scan_output_directions") or (0,) * body.scanned
    return [
        stacked(call, found[::-1] if back[at] and isinstance(found, list) else found, body.declared(at), axes[at])
        for at, found in enumerate(elements)
    ]


def _batched_scan(call: Call, lengths: Tensor | None, *inputs: Tensor) -> tuple[Any, ...]:
    """Scan of opset 8: each sample of the batch by itself."""
    count = call.need("num_scan_inputs")
    states, sequences = inputs[: len(inputs) - count], inputs[len(inputs) - count :]
    if lengths is not None and set(lengths.ints()) - {x.shape[1] for x in sequences}:
        raise UnsupportedOpError("Scan: expected sequences of the same length, got lengths of their own")
    back = call.attr("directions") or (0,) * count
    body = Repeated.of(call, leading=0, states=len(states), sequences=count)
    samples = inputs[0].shape[0]
    many = samples * max(sequences[0].shape[1], 1) > MOST_CALLS and not call.computing
    results = []
    for sample in range(1 if many else samples):
        own = [picked(call, x, 0, sample) for x in inputs]
        parts = Sequences(tuple(own[len(states) :]), (0,) * count, tuple(back))
        after, elements = _scanned(call, body, own[: len(states)], parts)
        results.append((*after, *(stacked(call, found, body.declared(at)) for at, found in enumerate(elements))))
    if many:
        call.note(f"{title(call)}: of {samples:,} samples one is counted", guess=True)
        return tuple(stacked(call, OneForAll(found, samples), None) for found in results[0])
    return tuple(stacked(call, found, None) for found in zip(*results, strict=True))


def _scanned(
    call: Call, body: Repeated, states: Sequence[Any], sequences: Sequences
) -> tuple[Sequence[Any], Sequence[list[Any] | OneForAll]]:
    """The last states, and what each iteration makes."""
    iterations = sequences.length()
    with call.reader.attempt() as attempt:
        carried: Sequence[Any] = states
        elements: list[list[Any]] = [[] for _ in range(body.scanned)]
        with call.reader.iterations.loop() as begin:
            for iteration in range(iterations):
                begin()
                _, carried, found = body.iterate((*carried, *sequences.at(call, iteration)))
                for collected, element in zip(elements, found, strict=True):
                    collected.append(element)
                if not call.computing and too_many(attempt, iteration + 1, iterations - iteration - 1):
                    break
            else:
                return carried, elements
        attempt.undo()
    _only_one(call, iterations)
    after, made = _any_iteration(call, body, states, (), sequences.at(call, 0))
    why = f"the iterations of {title(call)}"
    kept = [after_all(old, new, why) for old, new in zip(states, after, strict=True)]
    return kept, [OneForAll(element, iterations) for element in made]


@lowers("SequenceMap")
def sequence_map(call: Call, first: Sequence[Any], *others: Any) -> Any:
    """The body for every element of a sequence."""
    body = Repeated.of(call, leading=0, states=1 + len(others))
    results: list[list[Any]] = [[] for _ in range(body.outputs)]
    with call.reader.iterations.loop() as begin:
        for iteration, element in enumerate(first):
            begin()
            own = [other[iteration] if isinstance(other, list) else other for other in others]
            for collected, result in zip(results, body.results((element, *own)), strict=True):
                collected.append(result)
    return tuple(results)
