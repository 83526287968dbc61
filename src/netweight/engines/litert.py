"""LiteRT, which runs TensorFlow Lite files on the CPU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import ModuleType

from netweight.engines.engine import Kernel, Prepared
from netweight.engines.inputs import Entry, matched
from netweight.engines.package import computes_in, imported, in_its_words, version_of
from netweight.errors import EngineError
from netweight.lazy import Array, np

_NAME = "LiteRT"
_TYPES = {"float32": "fp32", "float16": "fp16", "int8": "int8", "uint8": "int8", "int16": "int16"}


def _package() -> ModuleType:
    return imported("ai_edge_litert.interpreter", "litert", _NAME)


class LiteRt:
    """The engine."""

    name = "litert"

    def version(self) -> str:
        """Version of its package."""
        return version_of("ai-edge-litert", _package)

    def load(self, network: Prepared, *, threads: int, precision: str | None) -> LiteRtSession:
        """The file that the user named.

        Raises:
            EngineError: If it is no TensorFlow Lite file, LiteRT refuses it, or a precision is asked for.
        """
        if network.file is None or network.file.suffix.lower() != ".tflite":
            raise EngineError(
                f"engine: {_NAME} runs .tflite files, not {network.graph.name}", fix="--engine onnxruntime"
            )
        session = LiteRtSession(network, threads)
        if precision is not None:
            computes_in(session, _NAME, precision)
        return session


class LiteRtSession:
    """A file in LiteRT."""

    def __init__(self, network: Prepared, threads: int) -> None:
        self._network = network
        with in_its_words(_NAME, "load the file"):
            self._interpreter = _package().Interpreter(model_path=str(network.file), num_threads=threads)
            self._interpreter.allocate_tensors()
            self._set(network.feeds)

    def _set(self, feeds: Mapping[str, Array]) -> None:
        details = self._interpreter.get_input_details()
        entries = [Entry(names=(one["name"],), shape=tuple(map(int, one["shape"]))) for one in details]
        for entry, array in zip(details, matched(entries, feeds, _NAME), strict=True):
            self._interpreter.set_tensor(entry["index"], np.asarray(array, entry["dtype"]).reshape(entry["shape"]))

    @property
    def precision(self) -> str:
        """Types of the file's tensors, those with the most elements first; its inputs and outputs may be others."""
        found: Counter[str] = Counter()
        for entry in self._interpreter.get_tensor_details():
            name = _TYPES.get(str(np.dtype(entry["dtype"])))
            if name is not None:
                found[name] += int(np.prod(entry["shape"]))
        return ", ".join(name for name, _ in found.most_common())

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by the names of the network's outputs."""
        with in_its_words(_NAME, "run the file"):
            self._set(feeds)
            self._interpreter.invoke()
            details = self._interpreter.get_output_details()
            outputs = [np.array(self._interpreter.get_tensor(entry["index"])) for entry in details]
        return dict(zip(self._network.graph.outputs, outputs, strict=True))

    def call(self) -> None:
        """One forward."""
        self._interpreter.invoke()

    def kernels(self, rounds: int, share: float = 0.5) -> tuple[Kernel, ...]:
        """Nothing: its Python package has no profile.

        Raises:
            EngineError: Always.
        """
        del rounds, share
        raise EngineError(
            f"engine: {_NAME} for Python does not say how long each operator takes", fix="--engine onnxruntime"
        )

    def close(self) -> None:
        """Let go of the interpreter."""
        del self._interpreter


LITERT = LiteRt()
