"""Writes what a user names as an ONNX file, with the model's own weights or random ones; or as a graph without any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from netweight import progress
from netweight.app.arguments import BITS, MODEL, flag, path_of, takes, text, unless_none, whole_number
from netweight.app.asked import Asked
from netweight.app.identify import resolve
from netweight.app.load import load, with_stored_weights
from netweight.app.loaded import Loaded
from netweight.app.stored_weights import Weights, arrays_of, weights_given
from netweight.errors import CaptureError, Either, UsageError, unknown_name
from netweight.files import alone_in, whole_file, write_text
from netweight.ir import Graph
from netweight.ir.serial import graph_to_json
from netweight.rewrite.bits import parse_bits, with_bits

if TYPE_CHECKING:
    from netweight.sources.onnx.write.stored import Outside

_LARGEST_INSIDE = 1 << 30
_STORED = ("parameter", "buffer", "constant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written.

    Attributes:
        path: The model.
        data: The file beside it that holds large weights, None if it has all of them itself.
        notes: What a reader of the file must know: random weights, and what the source of the model says.
    """

    path: Path
    data: Path | None
    notes: tuple[str, ...]


@takes(
    **MODEL, bits=BITS, path=path_of, weights=unless_none(weights_given), seed=whole_number, guesses=flag,
    external=unless_none(flag), reorder=unless_none(text), patches=unless_none(text),
)  # fmt: skip
def export(
    model: Any,
    path: str | Path,
    inputs: Any = None,
    *,
    batch: int | None = None,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    bits: int | str | None = None,
    weights: Weights | Literal[False] | None = None,
    seed: int = 0,
    external: bool | None = None,
    guesses: bool = False,
    reorder: str | None = None,
    patches: str | None = None,
    as_written: bool = False,
) -> Exported:
    """Write a model as an ONNX file, or as a graph in JSON that ``netweight.capture`` reads; the same bytes every time.

    >>> import netweight, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = netweight.export("lenet5", f"{folder}/lenet5.json", batch=8)
    ...     netweight.capture(f"{folder}/lenet5.json")
    <Graph 'lenet5': 12 operators, x float32[8, 1, 32, 32] -> OUTPUT float32[8, 10]>
    >>> written.path.name, written.notes
    ('lenet5.json', ())

    Args:
        model: Name of a built-in network, with options after a colon (``"mobilenet_v1:width=0.5"``); path of an ONNX
            or TFLite file, or of a graph stored as JSON; ``"FILE.py:NAME"``; a ``Graph``; an ``onnx.ModelProto``; or a
            PyTorch module, which is left exactly as it was.
        path: File to write, ``.onnx`` or ``.json``; it appears when it is complete. A graph has no weights.
        inputs: Shape of the input, batch included, or spec, array or tensor; several as a tuple, or as a dict by name.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        training: Batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name: ``{"batch": 8}``.
        bits: Width of floating numbers: ``"16"``.
        weights: Array per parameter, buffer and constant, or a checkpoint of ``netweight.train``; by default those of
            the model, or random ones if it has none. False writes zeros that take no room in the file.
        seed: Of random weights.
        guesses: Write what a capture had to guess, such as one arm of a branch, although the file is another network.
        reorder: Name of the convention whose peak the order of the operators is to make small: ``"liveness"``. The
            outputs stay the same.
        patches: First layers to run patch by patch, as a grid and the last of them: ``"4x4@features.4"``. The outputs
            stay the same.
        as_written: Write the graph of a quantised model as it is written, instead of with kernels of integers; an ONNX
            file always has the conversions, of which runtimes make such kernels themselves.
        external: Whether weights of 1 KiB and more go to a file beside the model; by default from 1 GiB in all on.

    Raises:
        CaptureError: If the capture had to guess and ``guesses`` is not set, or results of work on the numbers of an
            integer input would be in the file as constants.
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
        UnsupportedOpError: If ONNX has nothing for some operators; all are named.
        UsageError: If the file cannot be written, or the network has integers where it multiplies.
    """
    target = Path(path_of("path", path))
    if target.suffix not in (".onnx", ".json"):
        raise UsageError(f"output: expected a file name ending in .onnx or .json, got {target.name!r}")
    as_written = as_written or target.suffix == ".onnx"
    asked = Asked(inputs=inputs, batch=batch, training=training, dims=dims, as_written=as_written)
    what = resolve(model)
    loaded = load(with_stored_weights(what) if target.suffix == ".onnx" else what, asked)
    _check(loaded, guesses=guesses)
    graph = with_bits(loaded.graph, parse_bits(str(bits))) if bits is not None else loaded.graph
    notes = list(loaded.notes)
    if reorder is not None:
        graph = _reordered(graph, reorder)
    if patches is not None:
        graph = _in_patches(graph, patches)
    if target.suffix == ".json":
        write_text(target, graph_to_json(graph, indent=1) + "\n")
        return Exported(path=target, data=None, notes=tuple(notes))
    if loaded.fixed:
        notes.append("the program looked at numbers of an integer input: the file holds for numbers like those")
    with progress.stage("making the weights"):
        numbers = _numbers(loaded, weights, seed, notes)
    outside = numbers is not None and _outside(graph, external=external)
    data = target.with_name(f"{target.name}.data") if outside else None
    with progress.stage(f"writing {target.name}"):
        _write(graph, numbers, target, data)
    return Exported(path=target, data=data, notes=tuple(notes))


def _reordered(graph: Graph, name: str) -> Graph:
    from netweight.analysis.conventions import convention
    from netweight.analysis.memory_table import as_deployed
    from netweight.rewrite.order import in_best_order

    with progress.stage("looking for the best order"):
        return in_best_order(graph, as_deployed(convention(name)))


def _in_patches(graph: Graph, text: str) -> Graph:
    from netweight.app.patches import stage_and_grid
    from netweight.rewrite.patches import in_patches

    with progress.stage("cutting into patches"):
        return in_patches(*stage_and_grid(graph, text))


def _check(loaded: Loaded, *, guesses: bool) -> None:
    """Refuse a graph that is not the network for all inputs."""
    loaded.check_runnable("export", guesses=guesses)
    if not loaded.exact and not guesses:
        raise CaptureError(
            f"export: expected a network whose graph holds for all inputs, got: {'; '.join(loaded.notes)}",
            fix=Either("guesses=True takes it as it was captured", "--guess takes it as it was captured"),
        )


def _numbers(loaded: Loaded, weights: Any, seed: int, notes: list[str]) -> Any:
    """Array per parameter, buffer and constant, None for zeros; what is said about them goes to the notes."""
    if weights is False:
        notes.append("the weights are zeros that take no room in the file")
        return None
    if isinstance(weights, str | Path):
        return arrays_of(weights, loaded)
    if weights is not None:
        stored = [name for name, value in loaded.graph.values.items() if value.kind in _STORED]
        for name in weights:
            if name not in stored:
                raise unknown_name("weight of the network", name, stored)
        return weights
    if loaded.weights is not None:
        return loaded.weights()
    from netweight.runtime import initialize

    notes.append(f"the weights are random, seed {seed}: {loaded.graph.name} comes without numbers")
    return initialize(loaded.graph, seed=seed)


def _outside(graph: Graph, *, external: bool | None) -> bool:
    if external is not None:
        return external
    stored = (value for value in graph.values.values() if value.kind in _STORED)
    return sum(value.spec.nbytes for value in stored) >= _LARGEST_INSIDE


def _write(graph: Graph, weights: Mapping[str, Any] | None, path: Path, data: Path | None) -> None:
    """Both files under other names first: neither takes the place of an old one before both are complete."""
    from netweight.sources.onnx.write.writer import to_onnx

    if data is None:
        with whole_file(path) as file:
            file.write(_bytes(to_onnx(graph, weights)))
    else:
        with alone_in(path.resolve().parent), whole_file(path) as file, whole_file(data) as beside:
            file.write(_bytes(to_onnx(graph, weights, outside=_place(beside, data))))


def _place(file: IO[bytes], path: Path) -> Outside:
    from netweight.sources.onnx.write.stored import Outside

    return Outside(file, path.name)


def _bytes(model: Any) -> bytes:
    if model.ByteSize() >= 1 << 31:
        raise UsageError(
            "export: expected a model of less than 2 GiB, which is all that an ONNX file can hold, got more",
            fix=Either("external=True", "--external"),
        )
    data: bytes = model.SerializeToString(deterministic=True)
    return data
