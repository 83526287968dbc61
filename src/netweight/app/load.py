"""From what the user named to a graph: a built-in network, a file, a graph, a model of ONNX or PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netweight import progress, zoo
from netweight.app.arguments import MODEL, takes
from netweight.app.asked import Asked, Inputs
from netweight.app.faults import refused
from netweight.app.given_inputs import described, only_input, tensor_of, without_numbers
from netweight.app.identify import (
    BuiltIn,
    Foreign,
    Given,
    Identified,
    Model,
    Module,
    Named,
    OnnxFile,
    Stored,
    TfliteFile,
    resolve,
)
from netweight.app.loaded import Loaded
from netweight.app.own_rules import held
from netweight.errors import Either, FormatError, UsageError
from netweight.given_files import read_json
from netweight.ir import Graph, TensorSpec
from netweight.ops import REGISTRY
from netweight.own_rules import OwnRules
from netweight.sources.extras import need_torch
from netweight.sources.names import Reference
from netweight.zoo.table import ARCHITECTURES

if TYPE_CHECKING:
    from netweight.results.profile import Profile

_AS_IT_IS = "weighs a step of training of the network as it is"


@takes(**MODEL)
def capture(
    model: Model,
    inputs: Inputs = None,
    *,
    batch: int | None = None,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    rules: OwnRules | None = None,
    as_written: bool = False,
) -> Graph:
    """Graph of a model.

    >>> import netweight
    >>> graph = netweight.capture("mlp:widths=5-3-2")
    >>> [node.op for node in graph.nodes]
    ['linear', 'relu', 'linear']

    Args:
        model: Name of a built-in network, with options after a colon (``"mobilenet_v1:width=0.5"``); path of a graph
            stored as JSON, or of an ONNX or TFLite file; a ``Graph``; an ``onnx.ModelProto``; or a PyTorch module,
            which is left exactly as it was.
        inputs: Shape of the input, batch included, or spec, array or tensor; several as a tuple, or as a dict by name.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        training: Batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        rules: What operators of your own cost, as for ``netweight.rules``.
        as_written: Leave the conversions of a quantised model where they are, instead of making kernels of integers.

    Raises:
        UnknownNameError: If no built-in network and no file has that name.
        UsageError: If a graph that is already fixed is asked for another input, batch or mode; or a shape and a batch
            are both given.
        FormatError: If the file is neither a stored graph nor an ONNX model.
        ShapeError: If the network cannot accept the input.
        CaptureError: If the module's forward raises.
    """
    with held(rules):
        asked = Asked(inputs=inputs, batch=batch, training=training, dims=dims, as_written=as_written)
        found = load(resolve(model), asked)
    found.check_whole("capture")
    return found.graph


def load(what: Identified, asked: Asked) -> Loaded:
    """Graph of whatever ``netweight.weigh`` accepts; see ``netweight.capture``."""
    asked = _with_sizes(asked, program=isinstance(what, Named | Module))
    if isinstance(what, Foreign):
        from netweight.app.foreign import not_a_network

        raise not_a_network(what.path)
    if isinstance(what, OnnxFile):
        asked.check_no_program()
        return _as_it_runs(_onnx(what.model, asked), asked)
    asked.check_open()
    match what:
        case Given(graph, source):
            asked.check_undescribed("a graph", fix="set it where the graph is described")
            return Loaded(graph=graph, source=source)
        case Stored(path):
            return _stored(path, asked)
        case TfliteFile(path):
            from netweight.app.quantised import with_costs

            return with_costs(_tflite(path, asked))
        case BuiltIn():
            asked.check_no_program()
            return _built_in(what, asked)
        case Named(reference):
            return _as_it_runs(_named(reference, asked), asked)
        case Module(module):
            asked.check_batch()
            return _as_it_runs(_captured(module, asked), asked)


def _as_it_runs(found: Loaded, asked: Asked) -> Loaded:
    from netweight.app.quantised import as_it_runs

    return as_it_runs(found, as_written=asked.as_written)


def _with_sizes(asked: Asked, *, program: bool) -> Asked:
    inputs = described(asked.inputs, program=program)
    return asked if inputs is asked.inputs else replace(asked, inputs=inputs)


def with_stored_weights(what: Identified) -> Identified:
    """As ``load``, and the weights that an ONNX model has beside its file are read, because the caller uses them."""
    if not isinstance(what, OnnxFile) or not isinstance(what.model, Path):
        return what
    from netweight.sources.onnx.files import load_external, read_model

    model = read_model(what.model)
    load_external(model, what.model)
    model.graph.name = model.graph.name or what.model.stem
    return OnnxFile(model)


def read_stored(path: Path) -> Graph | Profile:
    """The graph or the report in a file.

    Raises:
        FormatError: If it is neither.
    """
    from netweight.ir.serial import OWN, graph_from_dict
    from netweight.ops.own import OwnAttrs
    from netweight.results.from_json import is_profile, profile_from_dict

    data = read_json(path, mark=rb'"schema"\s*:\s*"netweight/', what="a graph or a report of netweight")
    if is_profile(data):
        return profile_from_dict(data)
    return graph_from_dict(data, {OWN: OwnAttrs, **{name: op.attrs for name, op in REGISTRY.items()}})


def _stored(path: Path, asked: Asked) -> Loaded:
    asked.check_undescribed("a graph", fix="describe the model anew with it: netweight export MODEL -o FILE.json")
    found = read_stored(path)
    if not isinstance(found, Graph):
        raise FormatError(f"json: expected a graph in {str(path)!r}, got a report")
    return Loaded(graph=found, source="json")


def _onnx(model: Any, asked: Asked) -> Loaded:
    from netweight.sources.onnx.user_inputs import read_given

    if asked.training:
        raise UsageError(
            "training: expected a model with a training mode, got an ONNX model, which is as it was exported",
            fix=Either(f"optimizer='sgd' {_AS_IT_IS}", f"--optimizer sgd {_AS_IT_IS}"),
        )
    asked.check_batch()
    found = read_given(model, asked.inputs, asked.dims, asked.batch)
    return Loaded(
        graph=found.graph,
        source="onnx",
        notes=found.notes,
        exact=found.exact,
        guesses=() if found.exact else found.notes,
        doubts=found.doubts,
        weights=found.weights,
        number=found.array,
        stopped_at=None if found.fault is None else found.fault.layer,
        error=found.error,
        fault=found.fault,
    )


def _tflite(path: Path, asked: Asked) -> Loaded:
    from netweight.sources.tflite.given import read_given

    asked.check_no_program()
    if asked.training:
        raise UsageError(
            "training: expected a model with a training mode, got a TFLite model, which is as it was converted"
        )
    asked.check_batch()
    found = read_given(path, asked.inputs, asked.batch)
    return Loaded(
        graph=found.graph,
        source="tflite",
        notes=found.notes,
        exact=found.exact,
        guesses=() if found.exact else found.notes,
        doubts=found.doubts,
        weights=found.weights,
    )


def _built_in(network: BuiltIn, asked: Asked) -> Loaded:
    asked.check_batch()
    entry = ARCHITECTURES.get(network.name)
    inputs = only_input(asked.inputs, network.name, "float32" if entry is None else entry.input_dtype)
    if isinstance(inputs, TensorSpec) and not asked.bits:
        zoo.check_type(network.name, inputs)
    graph = zoo.make(network.name, batch=asked.samples, inputs=inputs, training=asked.training, **network.options)
    other = zoo.another_network(network.name, graph, network.options)
    return Loaded(graph=graph, source="builtin", notes=() if other is None else (other.note,), other=other)


def _named(reference: Reference, asked: Asked) -> Loaded:
    with progress.stage("importing PyTorch"):
        need_torch()
        from netweight.sources.torch.named.making import NO_CACHE
        from netweight.sources.torch.named.references import named_module

    asked.check_batch()
    with named_module(reference, batch=asked.samples) as found:
        given = asked.inputs is not None or asked.past is not None or asked.method != "forward"
        chosen = asked if given else replace(asked, inputs=found.inputs)
        if not given and reference.kind != "package":
            chosen.check_batch()
        notes = found.notes if given else (*found.notes, *found.input_notes)
        if asked.past is not None:
            notes = tuple(note for note in notes if note != NO_CACHE)
        loaded = _captured(found.module, chosen, name=found.name, source=found.source, notes=notes)
        if loaded.error is not None and not given:  # another guess may fit
            again = replace(asked, inputs=None)
            other = _captured(found.module, again, name=found.name, source=found.source, notes=found.notes)
            loaded = other if other.error is None else loaded
        values = loaded.graph.values
        kept = {name: replace(values[name], stored=how) for name, how in found.stored.items() if name in values}
        return replace(
            loaded,
            graph=replace(loaded.graph, values={**values, **kept}) if kept else loaded.graph,
            exact=loaded.exact and not found.guesses,
            doubts=(*found.guesses, *loaded.doubts),
            guesses=(*found.guesses, *loaded.guesses),
        )


def _captured(
    module: Any, asked: Asked, *, name: str = "", source: str = "pytorch", notes: tuple[str, ...] = ()
) -> Loaded:
    from netweight.sources.torch import capture_module

    inputs = asked.inputs
    call = "" if asked.method == "forward" else f"method {asked.method}"
    if asked.past is not None:
        from netweight.sources.torch.named.decoding import decode_inputs

        asked.check_alone("decode")
        inputs, words = decode_inputs(module, batch=asked.samples, past=asked.past or None)
        notes = (*notes, f"a step of decoding: {words}")
        call = words
    inputs = without_numbers(inputs, tensor_of)
    with progress.stage(f"capturing {name or type(module).__name__}"):
        found = capture_module(
            module, inputs, batch=asked.samples, training=asked.training, name=name, numbers=asked.numbers,
            method=asked.method,
        )  # fmt: skip
    fault = found.fault() if found.fault is not None else None
    if fault is not None and not found.graph.nodes:
        raise refused(f"capture: expected {found.graph.name} to run", fault, ", before any operator") from found.error
    return Loaded(
        graph=found.graph,
        source=source,
        notes=(*notes, *found.notes),
        exact=found.exact,
        guesses=found.guesses,
        doubts=found.doubts,
        inputs_guessed=inputs is None,
        call=call,
        fixed=found.fixed,
        stopped_at=found.stopped_at,
        error=found.error,
        fault=fault,
        weights=found.weights,
        keeps="torch-eager",
    )
