"""Why a network costs what it costs, and what the words mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netweight import zoo
from netweight.analysis.conventions import DEFAULT_CONVENTIONS
from netweight.app.arguments import BITS, MODEL, takes, text
from netweight.app.asked import Inputs
from netweight.app.explanations import OfNetwork, explain_profile
from netweight.app.identify import Model
from netweight.app.weigh import weigh
from netweight.errors import UnknownNameError, UsageError
from netweight.own_rules import OwnRules
from netweight.report.explain.operator import OperatorExplanation
from netweight.report.explain.term import Term, TermList
from netweight.report.explain.totals import subject_of
from netweight.report.terms import find_term, list_of_terms, term
from netweight.results.profile import Profile as Weighed

Explained = OfNetwork | OperatorExplanation | Term | TermList


@takes(**MODEL, bits=BITS)
def explain(
    model: Model | Weighed | None = None,
    layer: str | None = None,
    inputs: Inputs = None,
    *,
    batch: int | None = None,
    bits: int | str | None = None,
    training: bool = False,
    optimizer: str | None = None,
    conventions: str | Sequence[str] = DEFAULT_CONVENTIONS,
    dims: Mapping[str, int] | None = None,
    rules: OwnRules | None = None,
    count_causal: str = "full",
    as_written: bool = False,
) -> Explained:
    """Why a layer, a module or a total costs what it costs; or what a word means.

    ``print`` shows the explanation, and so does a notebook; its attributes are the figures.

    >>> import netweight
    >>> print(netweight.explain("alexnet", "conv1").sizes[0].text)
    floor((224 + 2*2 - 11) / 4) + 1 = 55
    >>> netweight.explain("alexnet", "macs").value
    724406816
    >>> netweight.explain("stride").name
    'stride'

    Args:
        model: Name of a built-in network, with options after a colon (``"mobilenet_v1:width=0.5"``); path of an ONNX
            or TFLite file, or of a graph stored as JSON; ``"FILE.py:NAME"``; a ``Graph``; an ``onnx.ModelProto``; or a
            PyTorch module, which is left exactly as it was; or what ``netweight.weigh`` found of one. Or a word:
            ``"macs"``, ``"E103"``; or ``"op"`` with an operator as ``layer``. None lists the words.
        layer: Path of a layer or module: ``"conv1"``, ``"layer1.0"``; of an ONNX model also ``"/layer1/conv1/Conv"``.
            Or a total: ``"macs"``, ``"params"``, ``"peak"``, ``"traffic"``, ``"size"``, ``"training"``. None explains
            all of the totals.
        inputs: Shape of the input, batch included, or spec, array or tensor; several as a tuple, or as a dict by name.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        bits: Bit widths: ``8``, ``"w8a8"``, ``"conv*=8,fc*=w4"``; as described by default.
        training: Batch normalisation uses batch statistics and dropout drops. What a step of training costs is
            explained as well.
        optimizer: What updates the parameters: sgd, momentum, rmsprop, adam or adamw.
        conventions: Names of the conventions of activation memory: ``"lecture"``, ``"liveness"``.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name: ``{"batch": 8}``.
        rules: What operators of your own cost, for this call: ``{"mylib::scale": scale_rule}``.
        count_causal: ``"full"``, or ``"half"`` for the scores that a causal mask leaves.
        as_written: Explain a quantised model as it is written, instead of as runtimes do it.

    Raises:
        UnknownNameError: If there is no such word, layer, total or operator.
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
    """
    layer = None if layer is None else text("layer", layer)
    of_network = {"inputs": inputs, "batch": batch, "bits": bits, "training": training or None, "optimizer": optimizer}
    if model is None:
        _check_alone("the words", of_network)
        return list_of_terms()
    if model == "op" and layer is not None:
        from netweight.app.operator import explain_operator

        _check_alone(f"the operator {layer}", of_network)
        return explain_operator(layer)
    if layer is None and isinstance(model, str) and (found := _word(model)) is not None:
        _check_alone(f"the word {found.name}", of_network)
        return found
    if isinstance(model, Weighed):
        _check_alone("a profile", of_network)
        return explain_profile(model, "" if layer is None else layer, "")
    trains = training or (layer is not None and subject_of(layer) == "training")
    try:
        profile = weigh(
            model, inputs, batch=batch, bits=bits, training=trains, optimizer=optimizer, conventions=conventions,
            dims=dims, rules=rules, count_causal=count_causal, as_written=as_written,
        )  # fmt: skip
    except UnknownNameError as error:
        raise _neither(model, layer, error) from error
    given = model if isinstance(model, str) and inputs is None and not dims else ""
    return explain_profile(profile, "" if layer is None else layer, given)


def _check_alone(what: str, of_network: Mapping[str, object]) -> None:
    """Refuse settings of a network where none is explained.

    Raises:
        UsageError: If there are any.
    """
    for name, value in of_network.items():
        if value is not None:
            raise UsageError(f"{name}: expected a network to explain, got {what}")


def _word(name: str) -> Term | None:
    """The term of that name; a built-in network that is called so comes first."""
    return None if name in zoo.names() else find_term(name)


def _neither(model: Model | None, layer: str | None, error: UnknownNameError) -> UnknownNameError:
    """The error for a name that is no network; alone it may have been meant as a word."""
    if layer is not None or not isinstance(model, str) or any(sign in model for sign in ":/."):
        return error
    try:
        term(model)
    except UnknownNameError as other:
        lists = "`netweight models` lists the networks, `netweight explain` the words"
        fix = error.fix if "lists them" not in error.fix else lists
        return UnknownNameError(
            f"nothing is called {model!r}: no term, and no network", fix=other.fix if "did you" in other.fix else fix
        )
    return error
