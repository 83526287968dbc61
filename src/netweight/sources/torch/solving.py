"""Inputs that are found by trying: a call that fails tells which input to change, and often to what.

Each input begins with a size of its own that nothing has. The layer that refuses it is the one that reads it, and says
what it takes: ``Linear(10, 32)`` takes ``1x10``. Sizes that the layer leaves open follow from those that come later:
a picture whose flattened features are to be 7,200 is halved or doubled until they are.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import partial
from typing import Any, Protocol

import torch

from netweight.errors import UsageError, text_of
from netweight.ir import Graph, TensorSpec
from netweight.sources.torch.guessing import Guess
from netweight.sources.torch.readings import LAYERS, Reading, readings
from netweight.sources.torch.refusals import is_too_small, mismatch_of, refused_by

_ANY = "--input SHAPE"
_SIDE = 224
_USUAL = (64, 32, 28)
"""Sides of small pictures."""
_UNREAD = 1009
"""Size of the first input that no layer has read."""
_LARGEST = 4096
"""Most that a side or a length may be."""


class Tried(Protocol):
    """What came of a call: what it raised, None if it came to its end, and the graph up to there."""

    @property
    def error(self) -> BaseException | None:
        """What the module raised."""

    @property
    def graph(self) -> Graph:
        """What it did."""


Attempt = Callable[[Any], Tried]
"""Calls the module with one input, or several by name."""


class Solver:
    """The search for inputs of one module.

    Attributes:
        tried: How many inputs were tried so far.
    """

    def __init__(self, module: torch.nn.Module, names: Sequence[str], batch: int, attempt: Attempt) -> None:
        self.tried = 0
        self._layers = dict(module.named_modules())
        self._batch = batch
        self._attempt = attempt
        self._found = {name: Reading(TensorSpec((batch, _UNREAD + 2 * at)), (), "") for at, name in enumerate(names)}
        self._own = {_UNREAD + 2 * at for at in range(len(names))}
        self._left: dict[str, list[Reading]] = {}

    def solve(self) -> Guess | None:
        """Inputs that the module takes; None if none were found."""
        for _ in range(4 * len(self._found) + 2):
            done = self._try(self._found)
            if self._indexed(done.graph):
                continue
            if done.error is None:
                return self._guess()
            if not any(step(done.error) for step in (self._read, self._filled, self._unpacked, self._sized)):
                return None
        return None

    def _try(self, found: Mapping[str, Reading]) -> Tried:
        self.tried += 1
        with warnings.catch_warnings(action="ignore"), redirect_stdout(None):
            return self._attempt(_given(found))

    def nothing_found(self) -> UsageError:
        """The error where there is no guess: with inputs that the module takes, if some that are usual are."""
        names = list(self._found)
        if not names:
            return UsageError("inputs: expected an input, as the module does not say what it takes", fix=_ANY)
        asked = "an input" if len(names) == 1 else f"an input for each of {', '.join(names)}"
        error = UsageError(f"inputs: expected {asked}, as none can be guessed")
        for spec in (TensorSpec((self._batch, 3, _SIDE, _SIDE)), TensorSpec((self._batch, 16))):
            if self._try({name: Reading(spec, (), "") for name in names}).error is None:
                shape = "x".join(map(str, spec.shape))
                error.fix = " ".join(f"--input {name}:{shape}" for name in names)
                return error
        error.fix = (
            f"{' '.join(f'--input {name}:SHAPE' for name in names)}; {self.tried} inputs that were tried are not it"
        )
        return error

    def _guess(self) -> Guess | None:
        """The inputs, where layers or parameters tell what they are; one that may have any size gets one number."""
        open_ones = [name for name, reading in self._found.items() if max(reading.spec.shape) in self._own]
        if open_ones:
            one = Reading(TensorSpec((self._batch, 1)), (), "")
            self._found.update(dict.fromkeys(open_ones, one))
            if len(open_ones) == len(self._found) or self._try(self._found).error is not None:
                return None
        why = ", ".join(dict.fromkeys(reading.why for reading in self._found.values() if reading.why))
        return Guess(_given(self._found), f"what reads {'them' if len(self._found) > 1 else 'it'}: {why}")

    def _indexed(self, graph: Graph) -> bool:
        """Whether an input that is looked up in a table was taken for numbers, and is now whole numbers."""
        cast = {node.outputs[0]: node.inputs[0] for node in graph.nodes if node.op == "cast"}
        for indices, weight in (node.inputs[:2] for node in graph.nodes if node.op == "embedding"):
            index = str(cast.get(str(indices), indices))
            path = str(weight).rpartition(".")[0]
            if index in self._found and not self._found[index].why and path in self._layers:
                return self._take(index, path)
        return False

    def _read(self, error: BaseException) -> bool:
        """Whether an input could be changed to what the layer that refused it takes."""
        refused = refused_by(error, LAYERS)
        if refused is None:
            return False
        path = next((path for path, layer in self._layers.items() if layer is refused.layer), None)
        name = next((name for name, reading in self._found.items() if reading.spec.shape == refused.shape), None)
        return path is not None and name is not None and self._take(name, path)

    def _take(self, name: str, path: str) -> bool:
        """Whether there is another input that the layer takes, which is then tried."""
        left = self._left.setdefault(name, readings(path or "itself", self._layers[path], self._batch))
        if left:
            self._found[name] = left.pop(0)
        return bool(left) or bool(self._found[name].why)

    def _unpacked(self, error: BaseException) -> bool:
        """Whether an input that was to have more dimensions got them: as the first layer that takes so many."""
        wanted = re.search(r"not enough values to unpack \(expected (\d+), got 2\)", text_of(error))
        unread = next((name for name, reading in self._found.items() if not reading.why), None)
        if wanted is None or unread is None:
            return False
        for path, layer in self._layers.items():
            for reading in readings(path, layer, self._batch):
                if len(reading.spec.shape) == int(wanted[1]):
                    self._found[unread] = reading
                    return True
        return False

    def _filled(self, error: BaseException) -> bool:
        """Whether the size of an input that no layer reads directly could be had from two sizes that did not meet."""
        found = mismatch_of(error)
        if found is None:
            return False
        for name, reading in self._found.items():
            size = reading.spec.shape[-1] if reading.spec.shape else 0
            if reading.why or size < _UNREAD:
                continue
            for got, wanted in ((found.got, found.wanted), (found.wanted, found.got)):
                beside = got - size
                if beside >= 0 and 0 < wanted - beside < _UNREAD and wanted not in self._own:
                    self._found[name] = Reading(TensorSpec((self._batch, wanted - beside)), (), "what it meets")
                    return True
        return False

    def _sized(self, error: BaseException) -> bool:
        """Whether a size that a layer leaves open could be chosen so that all sizes up to there meet."""
        for name, reading in self._found.items():
            if reading.free and self._beside_usual(name, reading):
                return True
            if reading.free:
                size = fitting_size(partial(self._try_size, name), error, reading)
                if size:
                    self._found[name] = reading.at(size)
                    return True
        return False

    def _beside_usual(self, name: str, reading: Reading) -> bool:
        """Whether an input that meets features of a picture of a usual size could be given the rest of them."""
        if all(other.why for other in self._found.values()):
            return False
        for side in _USUAL:
            raised = self._try_size(name, side)
            if raised is not None and self._filled(raised):
                self._found[name] = reading.at(side)
                return True
        return False

    def _try_size(self, name: str, size: int) -> BaseException | None:
        return self._try({**self._found, name: self._found[name].at(size)}).error


def _given(found: Mapping[str, Reading]) -> Any:
    """What the module is called with."""
    specs = {name: reading.spec for name, reading in found.items()}
    return specs if len(specs) > 1 else next(iter(specs.values()))


def fitting_size(try_size: Callable[[int], BaseException | None], error: BaseException, start: Reading) -> int:
    """The smallest size with which the sizes meet, where what arrived grows with it; 0 if there is none.

    Args:
        try_size: Calls the module with that size; what it raised.
        error: What it raised at ``start``.
        start: The input that failed.
    """
    if not _compared(error):
        return 0
    low, high = 0, start.spec.shape[start.free[0]]
    raised: BaseException | None = error
    while raised is not None and _compared(raised) < 0 and high < _LARGEST:
        low, high = high, 2 * high
        raised = try_size(high)
    while high - low > 1:
        middle = (low + high) // 2
        raised = try_size(middle)
        too_small = raised is not None and _compared(raised) < 0
        low, high = (middle, high) if too_small else (low, middle)
    raised = try_size(high)
    return 0 if raised is not None and _compared(raised) else high


def _compared(error: BaseException) -> int:
    """Whether what arrived is smaller than what was wanted, -1, or larger, 1; 0 where the error is another."""
    if is_too_small(error):
        return -1
    found = mismatch_of(error)
    return 0 if found is None else (found.got > found.wanted) - (found.got < found.wanted)
