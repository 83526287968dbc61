"""What every engine is to netweight: it loads a network, runs it, and says which kernels ran how long in what type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from netweight.ir import Graph
from netweight.lazy import Array

PRECISIONS = ("fp32", "bf16", "fp16", "int8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One kernel that an engine ran, as the engine itself says.

    Attributes:
        name: What the engine calls it.
        op: Its operator, in the engine's words.
        seconds: How long it took, a quantile of the rounds, the median unless another was asked for.
        precision: Element type of its arithmetic: ``"fp32"``; empty where the engine does not say.
        implementation: Which code it was: ``"brgconv_avx2_f32"``; empty where the engine does not say.
        layers: Layers of the network that it runs; none for what the engine adds, such as a change of layout.
    """

    name: str
    op: str
    seconds: float
    precision: str = ""
    implementation: str = ""
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A network with all that an engine may ask for.

    Attributes:
        graph: The network.
        weights: Array per parameter, buffer and constant.
        feeds: Array per input.
        folder: Where files for engines are put; somebody else takes it away.
        file: The file that the user named, None where it was none: a ``.tflite`` is run as it is.
        module: The PyTorch module that the user gave, None where it was none.
        arguments: What that module is called with.
    """

    graph: Graph
    weights: Mapping[str, Array]
    feeds: Mapping[str, Array]
    folder: Path
    file: Path | None = None
    module: Any = field(default=None, compare=False)
    arguments: tuple[Any, ...] = ()

    @cached_property
    def onnx(self) -> Path:
        """The network as an ONNX file, written when it is first asked for.

        Raises:
            UnsupportedOpError: If ONNX lacks an operator of it.
        """
        from netweight.engines.onnx_file import write_onnx

        return write_onnx(self.graph, self.weights, self.folder / "model.onnx")


class Session(Protocol):
    """A network in an engine, ready to run."""

    @property
    def precision(self) -> str:
        """Element type that the engine says it computes in; several with commas."""

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name."""

    def call(self) -> float | None:
        """One forward on the inputs that it was prepared with, and nothing else: what is timed.

        Returns:
            Seconds by the engine's own account, where a clock beside it would measure something else; None where not.
        """

    def kernels(self, rounds: int, share: float = 0.5) -> tuple[Kernel, ...]:
        """What ran, in order, each with a quantile of its times in so many rounds.

        Args:
            rounds: How often it is measured.
            share: Which quantile: 0.5 is the median.

        Raises:
            EngineError: If the engine does not say.
        """

    def close(self) -> None:
        """Let go of what it holds."""


class Engine(Protocol):
    """Something that runs networks."""

    @property
    def name(self) -> str:
        """What a user calls it."""

    def version(self) -> str:
        """Version of its package.

        Raises:
            MissingExtraError: If it is not installed.
            EngineError: If it is installed and does not import.
        """

    def load(self, network: Prepared, *, threads: int, precision: str | None) -> Session:
        """The network in the engine.

        Args:
            network: What to run.
            threads: Threads that one call may use.
            precision: Element type to compute in; None for what the engine does by itself.

        Raises:
            EngineError: If the engine refuses the network or the precision; its own words are in it.
        """
