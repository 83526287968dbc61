"""What a model costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netweight.analysis.conventions import DEFAULT_CONVENTIONS
from netweight.analysis.cost import weigh_graph
from netweight.analysis.own_rules import note_on_backward
from netweight.app.arguments import BITS, MODEL, flag, functions, takes, text, texts, unless_none, whole_number
from netweight.app.asked import Asked, Inputs
from netweight.app.identify import Given, Model, Stored, identify
from netweight.app.load import Loaded, load, read_stored
from netweight.app.profile import Profile
from netweight.errors import UsageError, text_of
from netweight.ir import Graph
from netweight.own_rules.table import OwnRules
from netweight.own_rules.table import rules as own_rules
from netweight.rewrite.bits import parse_bits, with_bits

if TYPE_CHECKING:
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
    rules=unless_none(functions),
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
) -> Profile:
    """What a model costs, layer by layer, without running it.

    Args:
        model: As for ``capture``; also the path of a profile stored as JSON, which comes back as it is.
        inputs: As for ``capture``.
        batch: As for ``capture``.
        bits: Bit widths: ``"8"``, ``"w8a8"``, ``"conv*=8,fc*=w4"``; as described by default.
        training: As for ``capture``; the profile also says what a step of training costs.
        optimizer: What updates the parameters: sgd, momentum, rmsprop, adam or adamw; sgd where ``training`` alone is
            given. Alone it asks for a step of training of the network as it is described.
        checkpoint: Patterns of modules that keep only their inputs for backward, and run twice: ``"layer*"``.
        freeze: Patterns of parameters, or of modules around them, that are not trained.
        conventions: Names of the activation conventions to report.
        dims: As for ``capture``.
        method: What is called of a PyTorch module, if not its forward: ``"encode_image"``.
        decode: Weigh the step in which a language model of transformers makes one token more, with the keys and values
            of those before in memory.
        past: How many tokens came before; 2048 by default, fewer where the model has fewer positions.
        rules: What operators of your own cost, for this call: functions as for ``netweight.rule``, by what they are a
            rule of: ``{"mylib::scale": scale_rule, MyFunction: my_rule}``.

    Raises:
        NetweightError: As ``capture``; and if ``bits``, a convention, an optimiser or a pattern is not one we know.
    """
    asked = Asked(
        inputs=inputs, batch=batch, training=training, dims=dims, method=method, past=_past(decode=decode, past=past)
    )
    step: dict[str, Any] = {"optimizer": optimizer, "checkpoint": checkpoint, "freeze": freeze}
    what = identify(model)
    if isinstance(what, Stored):
        stored = read_stored(what.path)
        if not isinstance(stored, Graph):
            asked.check_undescribed("a report", bits=bits, dims=dims, **step)
            return Profile.of(stored)
        what = Given(stored, "json")
    with own_rules(rules or {}):
        found = load(what, asked)
    if bits is not None:
        found = replace(found, graph=with_bits(found.graph, parse_bits(str(bits))))
    profile = _weigh_loaded(found, conventions)
    if found.error is not None:
        return profile
    cost = _training(found.graph, training=training, keeps=found.keeps, **step)
    notes = profile.notes if cost is None else (*profile.notes, *_frozen(found.graph), *note_on_backward(found.graph))
    return replace(profile, notes=notes, training=cost)


def _past(*, decode: bool, past: int | None) -> int | None:
    """Tokens before the step of decoding, 0 for the usual number; None where no such step is asked for.

    Raises:
        UsageError: If there is a number without a step, or it is no positive one.
    """
    if past is not None and not decode:
        raise UsageError("past: expected a step of decoding, got none", fix="decode=True, --decode")
    if past is not None and past < 1:
        raise UsageError(f"past: expected at least 1 token, got {past}")
    return (past or 0) if decode else None


def _weigh_loaded(found: Loaded, conventions: Sequence[str]) -> Profile:
    profile = weigh_graph(
        found.graph,
        source=found.source,
        conventions=conventions,
        notes=found.notes if found.error is None else (*found.notes, _reason(found.error)),
        exact=found.exact,
        stopped_at=found.stopped_at,
    )
    return Profile.of(profile)


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
            raise UsageError(f"{name}: expected a step of training to weigh, got none", fix="training=True, --training")
    return None


def _frozen(graph: Graph) -> tuple[str, ...]:
    """A note on parameters that the model itself does not train; no note if it trains all of them."""
    if not graph.frozen:
        return ()
    count = sum(graph.spec(name).numel for name in graph.frozen)
    tensors = f"{len(graph.frozen)} tensor{'s' if len(graph.frozen) > 1 else ''}"
    return (f"{count:,} parameters in {tensors} have requires_grad=False, and are not trained",)


def _reason(error: BaseException) -> str:
    return f"partial: the model's own code raised {type(error).__name__}: {text_of(error)}"
