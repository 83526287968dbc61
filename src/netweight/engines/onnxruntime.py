"""ONNX Runtime on the CPU."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from netweight.engines.engine import Kernel, Prepared
from netweight.engines.inputs import Entry, matched
from netweight.engines.layers import Named, with_layers
from netweight.engines.onnx_file import with_names
from netweight.engines.package import computes_in, imported, in_its_words, version_of
from netweight.lazy import Array, np
from netweight.quantile import quantile

_NAME = "ONNX Runtime"
_PROVIDERS = ["CPUExecutionProvider"]
_END = "_kernel_time"
_FIXED = re.compile(r"_(nchwc|token_[0-9]+)$")
_INTEGERS = re.compile(r"^(QLinear|.*Integer$|QGemm|DynamicQuantize|QuantizeLinear|DequantizeLinear|MatMulInteger)")


def _package() -> ModuleType:
    return imported("onnxruntime", "onnxruntime", _NAME)


class OnnxRuntime:
    """The engine."""

    name = "onnxruntime"

    def version(self) -> str:
        """Version of its package."""
        return version_of("onnxruntime", _package)

    def load(self, network: Prepared, *, threads: int, precision: str | None) -> OnnxRuntimeSession:
        """The network, optimised as ONNX Runtime does by default.

        Raises:
            EngineError: If ONNX Runtime refuses it, or the precision is none that it changes to.
        """
        session = OnnxRuntimeSession(network, threads)
        if precision is not None:
            computes_in(session, _NAME, precision)
        return session


class OnnxRuntimeSession:
    """A network in ONNX Runtime."""

    def __init__(self, network: Prepared, threads: int) -> None:
        self._network = network
        self._threads = threads
        own = network.file is not None and network.file.suffix.lower() == ".onnx"
        self._path = str(with_names(network.file, network.folder) if own and network.file else network.onnx)
        self._session = self._opened(profile=False)
        self._names = [output.name for output in self._session.get_outputs()]
        self._feeds = self._given(network.feeds)

    def _given(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Array by the name that ONNX Runtime has for the input."""
        takes = self._session.get_inputs()
        entries = [
            Entry(names=(one.name,), shape=tuple(size if isinstance(size, int) else None for size in one.shape))
            for one in takes
        ]
        return dict(zip([one.name for one in takes], matched(entries, feeds, _NAME), strict=True))

    def _opened(self, *, profile: bool) -> Any:
        ort = _package()
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self._threads, 1
        options.log_severity_level = 4
        if profile:
            options.enable_profiling = True
            options.profile_file_prefix = str(self._network.folder / "profile")
        with in_its_words(_NAME, "load the network"):
            return ort.InferenceSession(self._path, options, providers=_PROVIDERS)

    @property
    def precision(self) -> str:
        """Types that its kernels compute in, the most frequent first; a change of layout is none."""
        kernels = self.kernels(1)
        found = [k.precision for k in kernels if k.precision and not k.op.startswith("Reorder")]
        return ", ".join(name for name, _ in Counter(found).most_common())

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by the names of the network's outputs."""
        given = self._given(feeds)
        with in_its_words(_NAME, "run the network"):
            outputs = self._session.run(None, given)
        return dict(zip(self._network.graph.outputs, map(np.asarray, outputs), strict=True))

    def call(self) -> None:
        """One forward."""
        self._session.run(None, self._feeds)

    def kernels(self, rounds: int, share: float = 0.5) -> tuple[Kernel, ...]:
        """From a profile of a session of its own, after a round to warm up."""
        session = self._opened(profile=True)
        with in_its_words(_NAME, "run the network"):
            for _ in range(rounds + 1):
                session.run(None, self._feeds)
        path = Path(session.end_profiling())
        events = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()
        return with_layers(self._network.graph, _kernels(events, rounds, share))

    def close(self) -> None:
        """Let go of the session."""
        self._session = None


def _kernels(events: list[dict[str, Any]], rounds: int, share: float) -> list[Named]:
    """Kernels in the order of a round, each with a quantile of its times; the first round is not among them."""
    ran = [e for e in events if e.get("cat") == "Node" and e["name"].endswith(_END)]
    each = len(ran) // (rounds + 1)
    times: dict[str, list[float]] = {}
    for event in ran[each:]:
        times.setdefault(event["name"], []).append(event["dur"] * 1e-6)
    found = []
    for event in ran[-each:] if each else []:
        name = event["name"].removesuffix(_END)
        op = str(event["args"].get("op_name", ""))
        blocked = "blocked by channels" if name.endswith("_nchwc") else ""
        kernel = Kernel(
            name=name, op=op, seconds=quantile(times[event["name"]], share), precision=_precision(op, event),
            implementation=blocked,
        )  # fmt: skip
        found.append(Named(kernel=kernel, names=() if op.startswith("Reorder") else (_FIXED.sub("", name),)))
    return found


def _precision(op: str, event: Mapping[str, Any]) -> str:
    """Type of what it reads, as the profile has it; integers for kernels of integers."""
    if _INTEGERS.match(op):
        return "int8"
    given = [key for entry in event["args"].get("input_type_shape", []) for key in entry]
    names = {"float": "fp32", "float16": "fp16", "bfloat16": "bf16", "double": "fp64", "int8": "int8", "uint8": "int8"}
    return next((names[key] for key in given if key in names), "")


ONNX_RUNTIME = OnnxRuntime()
