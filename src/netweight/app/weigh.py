"""What a model costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netweight import progress
from netweight.analysis.conventions import DEFAULT_CONVENTIONS
from netweight.analysis.cost import weigh_graph
from netweight.analysis.own_rules import note_on_backward
from netweight.app.arguments import BITS, MODEL, flag, takes, text, texts, unless_none, whole_number
from netweight.app.asked import Asked, Inputs
from netweight.app.identify import Given, Model, Stored, resolve
from netweight.app.load import load, read_stored
from netweight.app.loaded import Loaded
from netweight.app.own_rules import held
from netweight.app.profile import Profile
from netweight.errors import Either, UsageError
from netweight.ir import Graph, Value, is_floating
from netweight.own_rules import OwnRules
from netweight.rewrite.bits import note_on_vectors, parse_bits, with_bits
from netweight.units import amount

if TYPE_CHECKING:
    from netweight.results.profile import ModelInfo
    from netweight.results.profile import Profile as Weighed
    from netweight.results.training import Training


@takes(
    **MODEL,
    bits=BITS,
    optimizer=unless_none(text),
    checkpoint=texts,
    freeze=texts,
    conventions=lambda name, value: DEFAULT_CONVENTIONS if value is None else texts(name, value),
    method=text,
    decode=flag,
    past=unless_none(whole_number),
    count_causal=text,
)
def weigh(
    model: Model,
    inputs: Inputs = None,
    *,
    batch: int | None = None,
    bits: int | str | None = None,
    training: bool = False,
    optimizer: str | None = None,
    checkpoint: str | Sequence[str] = (),
    freeze: str | Sequence[str] = (),
    conventions: str | Sequence[str] = DEFAULT_CONVENTIONS,
    dims: Mapping[str, int] | None = None,
    method: str = "forward",
    decode: bool = False,
    past: int | None = None,
    rules: OwnRules | None = None,
    count_causal: str = "full",
    as_written: bool = False,
) -> Profile:
    """What a model costs, layer by layer, without running it.

    >>> import netweight
    >>> profile = netweight.weigh("alexnet", bits=8)
    >>> profile.totals.macs, profile.totals.model_size_bytes, profile["fc6"].params
    (724406816, 60965224, 37752832)

    Args:
        model: Name of a built-in network, with options after a colon (``"mobilenet_v1:width=0.5"``); path of an ONNX
            or TFLite file, or of a graph stored as JSON; ``"FILE.py:NAME"``; a ``Graph``; an ``onnx.ModelProto``; or a
            PyTorch module, which is left exactly as it was. Also the path of a profile stored as JSON, which comes back
            as it is.
        inputs: Shape of the input, batch included, or spec, array or tensor; several as a tuple, or as a dict by name.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        bits: Bit widths: ``8``, ``"w8a8"``, ``"conv*=8,fc*=w4"``; as described by default.
        training: Batch normalisation uses batch statistics and dropout drops. The profile also says what a step of
            training costs.
        optimizer: What updates the parameters: sgd, momentum, rmsprop, adam or adamw; sgd where ``training`` alone is
            given. Alone it asks for a step of training of the network as it is described.
        checkpoint: Patterns of modules that keep only their inputs for backward, and run twice: ``"layer*"``.
        freeze: Patterns of parameters, or of modules around them, that are not trained.
        conventions: Names of the activation conventions to report.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name: ``{"batch": 8}``.
        method: What is called of a PyTorch module, if not its forward: ``"encode_image"``.
        decode: Weigh the step in which a language model of transformers makes one token more, with the keys and values
            of those before in memory.
        past: How many tokens came before; 2048 by default, fewer where the model has fewer positions.
        rules: What operators of your own cost, for this call: functions as for ``netweight.rule``, by what they are a
            rule of: ``{"mylib::scale": scale_rule, MyFunction: my_rule}``.
        count_causal: Pairs of causal attention that count: ``"full"`` for all, ``"half"`` for the s(s + 1)/2 that the
            mask leaves. The report says so.
        as_written: Weigh the conversions of a quantised model as operators of their own, instead of the kernels of
            integers that runtimes make of them and what is between.

    Raises:
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
    """
    asked = Asked(
        inputs=inputs, batch=batch, training=training, dims=dims, method=method, past=_past(decode=decode, past=past),
        bits=bits is not None, as_written=as_written,
    )  # fmt: skip
    step: dict[str, Any] = {"optimizer": optimizer, "checkpoint": checkpoint, "freeze": freeze}
    half = count_causal != "full"
    what = resolve(model)
    if isinstance(what, Stored):
        stored = read_stored(what.path)
        if not isinstance(stored, Graph):
            fix = f"a report has figures of one setting: weigh {_origin(stored.model, what.path)} with it"
            asked.check_undescribed(
                "a report", fix=fix, bits=bits, dims=dims, count_causal=half, as_written=as_written, **step
            )
            return Profile.of(stored)
        what = Given(stored, "json")
    with held(rules):
        found = load(what, asked)
    found = at_widths(found, bits)
    if half:
        from netweight.rewrite.causal import with_causal

        graph, says = with_causal(found.graph, count_causal)
        found = replace(found, graph=graph, notes=(*found.notes, says))
    with progress.stage(f"weighing {found.graph.name}"):
        cost = None if found.error is not None else _training(found.graph, training=training, keeps=found.keeps, **step)
        profile = _weigh_loaded(found, conventions, freeze)
    notes = () if cost is None else (*_untrained(found.graph), *note_on_backward(found.graph))
    return Profile.of(
        profile,
        model=_model(found, profile.model),
        notes=(*profile.notes, *notes),
        training=cost,
        fault=found.fault,
        counting={"causal": count_causal} if half else None,
        integer=found.integers,
    )


def at_widths(found: Loaded, bits: int | str | None) -> Loaded:
    """The same with its numbers at other bit widths; None for those that it has."""
    if bits is None:
        return found
    graph = with_bits(found.graph, parse_bits(str(bits)))
    return replace(found, graph=graph, notes=(*found.notes, *note_on_vectors(found.graph, graph)))


def _origin(model: ModelInfo, path: Path) -> str:
    """What a stored report was made from, as one may name it."""
    name = model.name
    return f"the network itself, netweight {name}," if model.source == "builtin" else f"the model of {path.name!r}"


def _past(*, decode: bool, past: int | None) -> int | None:
    """Tokens before the step of decoding, 0 for the usual number; None where no such step is asked for.

    Raises:
        UsageError: If there is a number without a step, or it is no positive one.
    """
    if past is not None and not decode:
        raise UsageError("past: expected a step of decoding, got none", fix=Either("decode=True", "--decode"))
    if past is not None and past < 1:
        raise UsageError(f"past: expected at least 1 token, got {past}")
    return (past or 0) if decode else None


def _weigh_loaded(found: Loaded, conventions: Sequence[str], freeze: Sequence[str]) -> Weighed:
    return weigh_graph(
        found.graph,
        source=found.source,
        conventions=conventions,
        notes=found.notes,
        exact=found.exact,
        guesses=found.doubts,
        stopped_at=found.stopped_at,
        freeze=freeze,
    )


def _model(found: Loaded, model: ModelInfo) -> ModelInfo:
    published = "" if found.other is None else found.other.published
    return replace(model, call=found.call, inputs_guessed=found.inputs_guessed, published=published)


def _training(
    graph: Graph, *, training: bool, keeps: str, optimizer: str | None, checkpoint: Sequence[str], freeze: Sequence[str]
) -> Training | None:
    """What a step of training costs, if it was asked for.

    Raises:
        UsageError: If parts are to be checkpointed or frozen in no training.
    """
    if training or optimizer is not None:
        from netweight.analysis.training import training_cost

        return training_cost(
            graph,
            optimizer="sgd" if optimizer is None else optimizer,
            checkpoint=checkpoint,
            freeze=freeze,
            convention=keeps,
        )
    for name, patterns in (("checkpoint", checkpoint), ("freeze", freeze)):
        if patterns:
            raise UsageError(
                f"{name}: expected a step of training to weigh, got none", fix=Either("training=True", "--training")
            )
    return None


def _untrained(graph: Graph) -> Iterator[str]:
    """Notes on parameters that the model itself does not train, and on those that have no gradient."""
    parameters = [value for value in (*graph.values.values(), *graph.unread) if value.kind == "parameter"]
    whole = [value for value in parameters if not is_floating(value.spec.dtype)]
    frozen = [value for value in parameters if value.name in graph.frozen and is_floating(value.spec.dtype)]
    if frozen:
        yield f"{_amount(frozen)} have requires_grad=False, and are not trained"
    if whole:
        yield f"{_amount(whole)} are integers, which have no gradient, and are not trained"


def _amount(values: Sequence[Value]) -> str:
    return f"{amount(sum(value.elements for value in values), 'parameter')} in {amount(len(values), 'tensor')}"
