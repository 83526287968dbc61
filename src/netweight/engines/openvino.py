"""OpenVINO on the CPU, which computes in bf16 by itself where the CPU has units for it, and says so here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from netweight.engines.engine import Kernel, Prepared
from netweight.engines.inputs import Entry, matched
from netweight.engines.layers import Named, with_layers
from netweight.engines.package import computes_in, imported, in_its_words, version_of
from netweight.lazy import Array, np
from netweight.quantile import quantile

_NAME = "OpenVINO"
_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
_TYPES = {"f32": "fp32", "bf16": "bf16", "f16": "fp16", "i8": "int8", "u8": "int8", "f64": "fp64"}
_NO_WORK = frozenset({"Input", "Const", "Output", "Parameter", "Result"})
_ADDED = frozenset({"Reorder", "Convert"})


def _package() -> ModuleType:
    return imported("openvino", "openvino", _NAME)


class OpenVino:
    """The engine."""

    name = "openvino"

    def version(self) -> str:
        """Version of its package."""
        return version_of("openvino", _package)

    def load(self, network: Prepared, *, threads: int, precision: str | None) -> OpenVinoSession:
        """The network, compiled for latency.

        Raises:
            EngineError: If OpenVINO refuses it, or has no such precision.
        """
        hint = None if precision == "int8" else precision
        session = OpenVinoSession(network, threads, hint)
        if precision == "int8":
            computes_in(session, _NAME, precision)
        return session


class OpenVinoSession:
    """A network in OpenVINO."""

    def __init__(self, network: Prepared, threads: int, precision: str | None) -> None:
        openvino = _package()
        self._network, self._threads, self._asked = network, threads, precision
        self._core = openvino.Core()
        file = network.file if network.file is not None and network.file.suffix != ".json" else network.onnx
        with in_its_words(_NAME, "read the network"):
            self._model = self._core.read_model(str(file))
            given = self._given(network.feeds)
            names = [port.any_name for port in self._model.inputs]
            self._model.reshape({name: list(array.shape) for name, array in zip(names, given, strict=True)})
        self._compiled = self._compiled_for(profile=False)
        self._request = self._filled(self._compiled)

    def _given(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Array for each input of the model, in its order."""
        entries = [
            Entry(names=(port.any_name, *sorted(port.get_names())), shape=_sizes(port.get_partial_shape()))
            for port in self._model.inputs
        ]
        return matched(entries, feeds, _NAME)

    def _compiled_for(self, *, profile: bool) -> Any:
        settings: dict[str, Any] = {
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "PERF_COUNT": profile,
        }
        if self._asked is not None:
            settings["INFERENCE_PRECISION_HINT"] = _HINTS[self._asked]
        with in_its_words(_NAME, "compile the network"):
            return self._core.compile_model(self._model, "CPU", settings)

    def _filled(self, compiled: Any) -> Any:
        openvino = _package()
        request = compiled.create_infer_request()
        with in_its_words(_NAME, "take the inputs"):
            for port, array in zip(compiled.inputs, self._given(self._network.feeds), strict=True):
                request.set_tensor(port, openvino.Tensor(np.ascontiguousarray(array)))
        return request

    @property
    def precision(self) -> str:
        """Types that kernels with layers compute in, the most frequent first, from the graph that is executed."""
        model = self._compiled.get_runtime_model()
        types = [_entry(op, "runtimePrecision") for op in model.get_ordered_ops() if _is_work(op)]
        found = Counter(_TYPES.get(name, name) for name in types)
        return ", ".join(name for name, _ in found.most_common())

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by the names of the network's outputs."""
        with in_its_words(_NAME, "run the network"):
            found = self._compiled(self._given(feeds))
        outputs = [np.array(found[port]) for port in self._compiled.outputs]
        return dict(zip(self._network.graph.outputs, outputs, strict=True))

    def call(self) -> None:
        """One forward."""
        self._request.infer()

    def kernels(self, rounds: int, share: float = 0.5) -> tuple[Kernel, ...]:
        """From the counters of a compilation of its own, after a round to warm up."""
        compiled = self._compiled_for(profile=True)
        request = self._filled(compiled)
        times: dict[str, list[float]] = {}
        with in_its_words(_NAME, "run the network"):
            for at in range(rounds + 1):
                request.infer()
                for entry in request.get_profiling_info():
                    if at and entry.status.name == "EXECUTED":
                        times.setdefault(entry.node_name, []).append(entry.real_time.total_seconds())
        found = []
        for op in compiled.get_runtime_model().get_ordered_ops():
            name, kind = op.get_friendly_name(), _entry(op, "layerType")
            if name in times and kind not in _NO_WORK:
                names = tuple(part for part in _entry(op, "originalLayersNames").split(",") if part)
                found.append(
                    Named(kernel=_kernel(op, name, kind, quantile(times[name], share)), names=_known(names, kind))
                )
        return with_layers(self._network.graph, found)

    def close(self) -> None:
        """Let go of the compiled network."""
        self._request = self._compiled = None


def _sizes(shape: Any) -> tuple[int | None, ...] | None:
    if shape.rank.is_dynamic:
        return None
    return tuple(None if size.is_dynamic else size.get_length() for size in shape)


def _kernel(op: Any, name: str, kind: str, seconds: float) -> Kernel:
    precision = _entry(op, "runtimePrecision")
    return Kernel(
        name=name,
        op=kind,
        seconds=seconds,
        precision=_TYPES.get(precision, precision),
        implementation=_entry(op, "primitiveType"),
    )


def _known(names: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """Names of what it runs; what the engine adds runs nothing of the network."""
    return () if kind in _ADDED else names


def _is_work(op: Any) -> bool:
    return _entry(op, "layerType") not in _NO_WORK | _ADDED and _entry(op, "execTimeMcs") != ""


def _entry(op: Any, key: str) -> str:
    info = op.get_rt_info()
    return str(info[key].astype(str)) if key in info else ""


OPENVINO = OpenVino()
