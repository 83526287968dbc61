"""PyTorch, eager and compiled: the user's module, or the operators of the network as PyTorch's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from netweight.engines.engine import Kernel, Prepared
from netweight.engines.package import imported, in_its_words, version_of
from netweight.engines.pytorch.stopwatch import Read, stopwatch
from netweight.errors import EngineError
from netweight.lazy import Array, np
from netweight.quantile import quantile

if TYPE_CHECKING:
    from types import ModuleType

_NAME = "PyTorch"
_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
_SHORT = {"torch.float32": "fp32", "torch.bfloat16": "bf16", "torch.float16": "fp16", "torch.float64": "fp64"}
_Timed = tuple[str, str, float, str]
"""Layer, operator, seconds, precision."""


def _package() -> ModuleType:
    return imported("torch", "torch", _NAME)


class PyTorch:
    """The engine.

    Args:
        name: What a user calls it.
        compiled: Whether ``torch.compile`` makes kernels of the network first.
    """

    def __init__(self, name: str, *, compiled: bool) -> None:
        self.name = name
        self._compiled = compiled

    def version(self) -> str:
        """Version of its package."""
        return version_of("torch", _package)

    def load(self, network: Prepared, *, threads: int, precision: str | None) -> PyTorchSession:
        """The module in evaluation mode.

        Raises:
            EngineError: If PyTorch refuses it, or does not change it to that precision.
        """
        if precision is not None and precision not in _DTYPES:
            raise EngineError(
                f"engine: {_NAME} changes a network to {', '.join(_DTYPES)}, not to {precision}", fix="--precision bf16"
            )
        return PyTorchSession(network, threads, precision, compiled=self._compiled)


class PyTorchSession:
    """A network in PyTorch."""

    def __init__(self, network: Prepared, threads: int, precision: str | None, *, compiled: bool) -> None:
        torch = _package()
        torch.set_num_threads(threads)
        self._network, self._torch = network, torch
        self._dtype = getattr(torch, _DTYPES[precision]) if precision else None
        with in_its_words(_NAME, "load the network"):
            self._module = self._changed(network.module if network.module is not None else self._program())
            self._arguments = self._given(network.feeds) if network.module is None else self._own_arguments()
            self._arguments = tuple(self._beside_weights(value) for value in self._arguments)
        held = (*self._arguments, *self._module.parameters(), *self._module.buffers())
        self._stopwatch = stopwatch(torch, held)
        self._forward: Callable[..., Any] = self._module
        if compiled:
            with in_its_words("torch.compile", "compile the network"):
                self._forward = torch.compile(self._module)
                self.call()

    def _program(self) -> Any:
        from netweight.engines.pytorch.program import Program

        return Program(self._network.graph, self._network.weights).eval()

    def _changed(self, module: Any) -> Any:
        """A copy in another type, where one is asked for: the user's module stays as it is."""
        if self._dtype is None:
            return module
        import copy

        return copy.deepcopy(module).to(self._dtype)

    def _given(self, feeds: Mapping[str, Array]) -> tuple[Any, ...]:
        return tuple(self._cast(self._torch.from_numpy(np.array(array))) for array in feeds.values())

    def _own_arguments(self) -> tuple[Any, ...]:
        return tuple(
            self._cast(value) if hasattr(value, "is_floating_point") else value for value in self._network.arguments
        )

    def _beside_weights(self, value: Any) -> Any:
        """A tensor on the device of the module's weights."""
        held = next((tensor for tensor in (*self._module.parameters(), *self._module.buffers())), None)
        return value.to(held.device) if held is not None and hasattr(value, "is_floating_point") else value

    def _cast(self, tensor: Any) -> Any:
        return tensor.to(self._dtype) if self._dtype is not None and tensor.is_floating_point() else tensor

    @property
    def precision(self) -> str:
        """Types of its floating weights and inputs."""
        held = [*self._module.parameters(), *self._module.buffers(), *self._arguments]
        found = {str(t.dtype) for t in held if hasattr(t, "is_floating_point") and t.is_floating_point()}
        return ", ".join(sorted(_SHORT.get(name, name) for name in found))

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by the names of the network's outputs."""
        given = self._given(feeds) if self._network.module is None else self._arguments
        with in_its_words(_NAME, "run the network"), self._torch.inference_mode():
            made = self._forward(*given)
        from torch.utils._pytree import tree_leaves

        tensors = [leaf for leaf in tree_leaves(made) if isinstance(leaf, self._torch.Tensor)]
        arrays = [(t.float() if t.dtype == self._torch.bfloat16 else t).detach().cpu().numpy() for t in tensors]
        return dict(zip(self._network.graph.outputs, arrays, strict=False))

    def call(self) -> float:
        """Seconds of one forward, by CUDA events on a GPU."""
        with self._torch.inference_mode():
            stop = self._stopwatch.start()
            self._forward(*self._arguments)
            return stop()()

    def kernels(self, rounds: int, share: float = 0.5) -> tuple[Kernel, ...]:
        """Each operator's call, or each layer of the user's module, timed on its own after a round to warm up.

        Raises:
            EngineError: If ``torch.compile`` made kernels of it, of which it does not say the layers.
        """
        if self._forward is not self._module:
            raise EngineError("engine: torch.compile does not say which layers its kernels run", fix="--engine torch")
        times = self._of_module if self._network.module is not None else self._of_program
        with self._torch.inference_mode():
            all_rounds = [times() for _ in range(rounds + 1)][1:]
        return tuple(
            Kernel(
                name=name, op=op, seconds=quantile([each[at][2] for each in all_rounds], share), precision=precision,
                implementation="eager", layers=(name,),
            )
            for at, (name, op, _, precision) in enumerate(all_rounds[0])
        )  # fmt: skip

    def _of_program(self) -> list[_Timed]:
        values = self._module.starting(self._arguments)
        precision = self.precision.partition(",")[0]
        found: list[tuple[str, str, Read, str]] = []
        for node, step in zip(self._network.graph.nodes, self._module.steps, strict=True):
            stop = self._stopwatch.start()
            self._module.step(step, values)
            found.append((node.layer, node.op, stop(), precision))
        return [(layer, op, read(), precision) for layer, op, read, precision in found]

    def _of_module(self) -> list[_Timed]:
        found: list[tuple[str, str, Read]] = []
        started: dict[str, Callable[[], Read]] = {}

        def begin(name: str, *_: Any) -> None:
            started[name] = self._stopwatch.start()

        def end(name: str, part: Any, *_: Any) -> None:
            found.append((name, type(part).__name__, started[name]()))

        hooks = []
        for name, part in self._module.named_modules():
            if not any(True for _ in part.children()):
                hooks.append(part.register_forward_pre_hook(partial(begin, name)))
                hooks.append(part.register_forward_hook(partial(end, name)))
        try:
            self._module(*self._arguments)
        finally:
            for hook in hooks:
                hook.remove()
        return [(name, op, read(), "") for name, op, read in found]

    def close(self) -> None:
        """Let go of the module."""
        self._module = self._forward = None  # type: ignore[assignment]


EAGER = PyTorch("torch", compiled=False)
COMPILED = PyTorch("torch-compile", compiled=True)
