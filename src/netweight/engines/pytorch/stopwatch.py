"""Times of what PyTorch runs: the clock on processors, CUDA events on a GPU, whose calls return before it is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

Read = Callable[[], float]
"""Seconds from the start to the stop; waits for a GPU to have come that far."""


class Stopwatch(Protocol):
    """What times a call."""

    def start(self) -> Callable[[], Read]:
        """Start; what it returns stops, and what that returns says the seconds."""


class Clock:
    """Wall time: a call on a processor has ended when it returns."""

    def start(self) -> Callable[[], Read]:
        """Start now."""
        began = time.perf_counter()

        def stop() -> Read:
            took = time.perf_counter() - began
            return lambda: took

        return stop


class CudaEvents:
    """Events in the stream of a GPU, which it passes when it has done all that was given to it before.

    Nothing waits between two operators, so that the GPU works as it does without a stopwatch.

    Args:
        cuda: ``torch.cuda``.
        device: Which GPU.
    """

    def __init__(self, cuda: Any, device: Any) -> None:
        self._cuda, self._device = cuda, device

    def _event(self) -> Any:
        event = self._cuda.Event(enable_timing=True)
        event.record(self._cuda.current_stream(self._device))
        return event

    def start(self) -> Callable[[], Read]:
        """Record an event now."""
        before = self._event()

        def stop() -> Read:
            after = self._event()

            def read() -> float:
                after.synchronize()
                return float(before.elapsed_time(after)) * 1e-3  # it says milliseconds

            return read

        return stop


def stopwatch(torch: Any, tensors: Iterable[Any]) -> Stopwatch:
    """What times a network whose inputs and weights these are: events where one of them is on a GPU.

    Args:
        torch: The package.
        tensors: Inputs and weights; what is no tensor says nothing.
    """
    there = next((tensor.device for tensor in tensors if getattr(tensor, "is_cuda", False)), None)
    return Clock() if there is None else CudaEvents(torch.cuda, there)
