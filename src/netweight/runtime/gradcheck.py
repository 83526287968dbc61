"""Backward against finite differences, in float64.

The outputs are projected on random numbers, so that there is one value to differentiate. Elements of a parameter or an
input are moved one at a time, as many as are asked for, the one with the largest gradient among them; where that is
not all of them, all move at once as well, along random directions, so that no element is left out. Whether there is a
kink is decided by the forward alone: a wrong gradient cannot pass for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from typing import Any

from netweight import progress
from netweight.errors import UsageError
from netweight.ir import Graph, is_floating
from netweight.lazy import Array, np
from netweight.results.gradcheck import Difference, TensorCheck
from netweight.runtime.backward import backward
from netweight.runtime.differences import Slope, slope
from netweight.runtime.double import doubled, in_double
from netweight.runtime.forward import Forward, run
from netweight.runtime.program import Program
from netweight.runtime.replay import Replay

DRAWS = 3
"""Elements or directions that are drawn for each that is to be compared, where kinks are met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How much is compared.

    Attributes:
        coordinates: Elements of each tensor.
        directions: Random directions in each tensor of which not all elements are compared.
        seed: Of the projection, the elements and the directions.
        tolerance: Largest relative error that passes; a tenth of it is what differences may disagree by.
    """

    coordinates: int
    directions: int = 1
    seed: int = 0
    tolerance: float = 1e-5


def check_gradients(
    graph: Graph,
    inputs: Mapping[str, Array],
    weights: Mapping[str, Array],
    sampling: Sampling,
    *,
    kernels: Mapping[str, Forward] | None = None,
    trains: bool = False,
) -> tuple[TensorCheck, ...]:
    """Every floating parameter and input that gets a gradient, in the order of the graph.

    Args:
        graph: The network.
        inputs: Array per graph input.
        weights: Array per parameter, buffer and constant.
        sampling: How much is compared.
        kernels: Forward rules to use instead of the reference, by operator.
        trains: Whether the gradients are those of the kernels that train, instead of the operators' own rules.

    Raises:
        UsageError: If no output is of floating type, or one is not finite.
        NetweightError: If an operator on the way has no gradient.
    """
    graph = in_double(graph)
    given, held = doubled(inputs), doubled(weights)
    done = run(graph, given, held, keep=True, kernels=kernels)
    rng = np.random.default_rng(sampling.seed)
    projection = _projection(graph, done.outputs, rng)
    grads = _by_kernels(graph, given, held, projection) if trains else backward(graph, done, projection)
    replay = Replay(graph, done, kernels)
    arrays = {**held, **given}
    found = []
    for at, (name, grad) in enumerate(grads.items()):
        progress.step(name, at + 1, len(grads))
        one = _One(name, graph.values[name].kind, arrays[name], grad, replay, projection, done.outputs)
        found.append(_checked(one, sampling, rng))
    return tuple(found)


def _by_kernels(
    graph: Graph, inputs: Mapping[str, Array], weights: Mapping[str, Array], projection: Mapping[str, Array]
) -> dict[str, Array]:
    """Gradients as a step of training computes them."""
    values = graph.values.items()
    wanted = [name for name, v in values if v.kind in ("parameter", "input") and is_floating(v.spec.dtype)]
    return Program(graph, wanted).step(inputs, weights, projection).grads


def _projection(graph: Graph, outputs: Mapping[str, Array], rng: np.random.Generator) -> dict[str, Array]:
    """Random numbers for each output of floating type.

    Raises:
        UsageError: If there is none, or one is not finite.
    """
    found = {name: y for name, y in outputs.items() if is_floating(graph.spec(name).dtype)}
    if not found:
        raise UsageError(f"gradcheck: expected an output of floating type, got {', '.join(outputs)} of whole numbers")
    for name, y in found.items():
        if not np.isfinite(y).all():
            raise UsageError(f"gradcheck: expected finite outputs, got {name!r} with infinite numbers or NaN")
    return {name: rng.standard_normal(y.shape) for name, y in found.items()}


@dataclass(frozen=True, slots=True)
class _One:
    """A tensor whose gradient is checked."""

    name: str
    kind: str
    array: Array
    grad: Array
    replay: Replay
    projection: Mapping[str, Array]
    before: Mapping[str, Array]

    def along(self, move: Callable[[Array, float], None]) -> Callable[[float], float]:
        """How the projected outputs change when the tensor is moved by so much."""

        def changed(step: float) -> float:
            moved = self.array.copy()
            move(moved, step)
            after = self.replay.outputs({self.name: moved})
            return float(sum(
                np.vdot(grad, after[name] - self.before[name]).real for name, grad in self.projection.items()
            ))  # fmt: skip

        return changed

    @property
    def size(self) -> float:
        """Size of the numbers that the projected output is a sum of."""
        return float(sum(np.abs(grad * self.before[name]).sum() for name, grad in self.projection.items()))


def _checked(one: _One, sampling: Sampling, rng: np.random.Generator) -> TensorCheck:
    count = one.array.size
    rms = float(np.sqrt(np.mean(np.square(np.abs(one.grad))))) if count else 0.0
    entry = TensorCheck(
        tensor=one.name, kind=one.kind, shape=one.array.shape, count=count, compared=0, directions=0, kinks=(),
        kinked_directions=0, gradient_rms=rms if isfinite(rms) else None, largest_relative_error=None, worst=None,
        passed=False,
    )  # fmt: skip
    if not count:
        return replace(entry, passed=True, reason="has no elements")
    if not isfinite(rms):
        return replace(entry, reason="backward gives infinite numbers or NaN")
    if one.array.dtype.kind == "c":
        return replace(entry, passed=True, reason="complex: not compared")
    elements, kinks = _taken(_elements(one, sampling, rng, rms), sampling.coordinates)
    directions: list[Difference] = []
    kinked: list[Difference] = []
    if len(elements) + len(kinks) < count:
        directions, kinked = _taken(_directions(one, sampling, rng, rms), sampling.directions)
    compared = [*elements, *directions]
    if not compared:
        return replace(entry, kinks=_at(kinks), kinked_directions=len(kinked), reason="every slope met a kink")
    worst = max(compared, key=lambda found: found.relative_error)
    return replace(
        entry, compared=len(elements), directions=len(directions), kinks=_at(kinks), kinked_directions=len(kinked),
        largest_relative_error=worst.relative_error, worst=worst, passed=worst.relative_error <= sampling.tolerance,
    )  # fmt: skip


def _at(kinks: Sequence[Difference]) -> tuple[tuple[int, ...], ...]:
    return tuple(kink.at for kink in kinks if kink.at is not None)


def _taken(drawn: Iterator[tuple[Difference, bool]], wanted: int) -> tuple[list[Difference], list[Difference]]:
    """The first that met no kink, as many as are wanted, and those that met one until then."""
    smooth: list[Difference] = []
    kinked: list[Difference] = []
    while len(smooth) < wanted and (found := next(drawn, None)) is not None:
        (kinked if found[1] else smooth).append(found[0])
    return smooth, kinked


def _elements(one: _One, sampling: Sampling, rng: np.random.Generator, rms: float) -> Iterator[tuple[Difference, bool]]:
    """Slopes along single elements, and whether there is a kink."""
    array, grad = one.array, one.grad.reshape(-1)
    everywhere = sqrt(float(np.mean(np.square(array)))) or 1.0
    for flat in places(one.grad, sampling.coordinates, rng):
        at = tuple(map(int, np.unravel_index(flat, array.shape)))

        def move(moved: Array, step: float, at: tuple[int, ...] = at) -> None:
            moved[at] += step

        scale = max(abs(float(array[at])), everywhere)
        found = slope(
            one.along(move), scale=scale, size=one.size, accuracy=sampling.tolerance / 10, typical=rms
        )  # fmt: skip
        yield _difference(at, float(grad[flat]), found, rms, sampling.tolerance), found.kink


def places(grad: Array, count: int, rng: np.random.Generator) -> Iterator[int]:
    """Flat indices: all in order, or the one with the largest gradient and random ones, no one twice."""
    if grad.size <= count:
        yield from range(grad.size)
        return
    largest = int(np.abs(grad).argmax())
    yield largest
    drawn = rng.choice(grad.size, min(grad.size, DRAWS * count), replace=False)
    yield from (int(flat) for flat in drawn if flat != largest)


def _directions(
    one: _One, sampling: Sampling, rng: np.random.Generator, rms: float
) -> Iterator[tuple[Difference, bool]]:
    """Slopes along random signs of all elements, and whether there is a kink."""
    array = one.array
    scale = float(np.linalg.norm(array)) or 1.0
    for _ in range(DRAWS * sampling.directions):
        towards = rng.choice((-1.0, 1.0), array.shape) / sqrt(array.size)

        def move(moved: Array, step: float, towards: Any = towards) -> None:
            moved += step * towards

        found = slope(
            one.along(move), scale=scale, size=one.size, accuracy=sampling.tolerance / 10, typical=rms
        )  # fmt: skip
        yield _difference(None, float(np.vdot(one.grad, towards)), found, rms, sampling.tolerance), found.kink


def _difference(at: tuple[int, ...] | None, exact: float, found: Slope, rms: float, tolerance: float) -> Difference:
    """Both slopes, and how far they are apart."""
    size = max(abs(exact), abs(found.value), rms, found.noise / tolerance)
    apart = abs(exact - found.value)
    return Difference(
        at=at, backward=exact, differences=found.value, relative_error=apart / size if apart else 0.0
    )  # fmt: skip
