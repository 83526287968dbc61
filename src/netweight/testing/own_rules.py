"""Laws that a rule of your own obeys: it says what the operator does when it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from netweight.app.load import capture
from netweight.count import formula, parse
from netweight.errors import UsageError
from netweight.ir import Graph, Node, TensorSpec
from netweight.ops.own import OwnAttrs, cost_of
from netweight.ops.table import WORK_KINDS, Cost

if TYPE_CHECKING:
    from netweight.sources.torch.trial import Called, Seen


def check_rule(
    target: Any, *args: Any, rule: Callable[..., Any] | None = None, batched: Sequence[str] = (), **kwargs: Any
) -> None:
    """A rule of your own says what the operator does when it runs on small tensors.

    Its outputs have the shapes and types that the rule says. Where the operator has a backward, autograd keeps what
    the rule says is saved, and gives the gradients whose work the rule has. Printed formulas give the printed numbers.

        check_rule("mylib::scale", torch.ones(4, 8), torch.ones(8), batched=["x"])

    Args:
        target: An operator of PyTorch by its name, a subclass of ``torch.autograd.Function``, or a module.
        *args: What it is called with; tensors have numbers, and are not written.
        rule: The rule, if it is not registered.
        batched: Names of the tensors whose first dimension counts samples: samples then cost the same apart and
            together.
        **kwargs: What it is called with by name.

    Raises:
        AssertionError: If the rule says something else.
        RuleError: If it raises, or says what cannot be.
        UsageError: If there is no rule for the target.
    """
    from netweight.sources.torch.trial import Called

    called = Called(target, args, kwargs)
    kind = target if isinstance(target, str | type) else type(target)
    rules = {} if rule is None else {kind: rule}
    graph = capture(called, tuple(called.tensors), rules=rules)
    node, attrs = _own(graph, target)
    seen = called.for_real(_names(graph, node, attrs))
    title = f"rule of {attrs.rule} ({attrs.place})"
    _check_outputs(title, attrs, seen)
    _check_backward(title, attrs, seen)
    _check_formulas(title, attrs)
    if batched:
        _check_batch(title, attrs, called, batched, rules)


def _own(graph: Graph, target: Any) -> tuple[Node, OwnAttrs]:
    """The call that a rule counted.

    Raises:
        UsageError: If there is none.
    """
    for node in graph.nodes:
        if isinstance(node.attrs, OwnAttrs):
            return node, node.attrs
    raise UsageError(f"rule: expected a rule of {target!r}, got none", fix="@netweight.rule(...), or rule=")


def _names(graph: Graph, node: Node, attrs: OwnAttrs) -> list[str]:
    """What the rule calls each input of the graph; one that the call does not read keeps its name."""
    known = dict(zip(node.inputs, attrs.inputs, strict=True))
    return [known.get(name, name) for name in graph.inputs]


def _check_outputs(title: str, attrs: OwnAttrs, seen: Seen) -> None:
    says = tuple(TensorSpec(shape, dtype) for shape, dtype in attrs.outputs)[: len(seen.outputs)]
    assert says == seen.outputs, f"{title}: outputs are {_listed(says)}, a run gives {_listed(seen.outputs)}"


def _check_backward(title: str, attrs: OwnAttrs, seen: Seen) -> None:
    """What is saved, and what has a gradient, if there is a backward at all."""
    if seen.gradients is None:
        return
    own = {name for name, _, _ in attrs.kept}
    saves = set(attrs.saves) - own
    assert saves == seen.saved, f"{title}: saves {_names_of(saves)}, autograd keeps {_names_of(seen.saved)}"
    besides = sum(TensorSpec(shape, dtype).nbytes for _, shape, dtype in attrs.kept)
    assert besides == seen.saved_bytes, (
        f"{title}: saves {besides:,} B besides arguments and results, autograd keeps {seen.saved_bytes:,} B"
    )
    if attrs.backward is not None and "*" not in dict(attrs.backward):
        named = dict(attrs.backward)
        assert named.keys() == seen.gradients, (
            f"{title}: backward has {_names_of(named)}, autograd gives gradients of {_names_of(seen.gradients)}"
        )


def _check_formulas(title: str, attrs: OwnAttrs) -> None:
    works = {"cost": attrs.work, **{f"backward of {name}": work for name, work in attrs.backward or ()}}
    for what, work in works.items():
        cost = cost_of(work)
        for kind in WORK_KINDS:
            value = getattr(cost, kind)
            assert parse(formula(value)) == value, f"{title}: {kind} of {what} is {value}, printed {formula(value)}"


def _check_batch(title: str, attrs: OwnAttrs, called: Called, batched: Sequence[str], rules: Any) -> None:
    """The cost of five samples is that of two and that of three."""

    def cost_for(samples: int) -> Cost:
        inputs = []
        for name, tensor in zip(names, called.tensors, strict=True):
            spec = TensorSpec(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
            inputs.append(TensorSpec((samples, *spec.shape[1:]), spec.dtype) if name in batched else spec)
        _, found = _own(capture(called, tuple(inputs), rules=rules), attrs.rule)
        return cost_of(found.work)

    names = attrs.inputs[: len(called.tensors)]
    for name in batched:
        if name not in names:
            raise UsageError(f"batched: expected names among {', '.join(names)}, got {name!r}")
    together, apart = cost_for(5), cost_for(2) + cost_for(3)
    assert together == apart, f"{title}: five samples cost {_work(together)}, two and three {_work(apart)}"


def _work(cost: Cost) -> str:
    return ", ".join(f"{int(getattr(cost, kind)):,} {kind}" for kind in WORK_KINDS if getattr(cost, kind)) or "nothing"


def _names_of(names: Any) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _listed(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(map(str, specs)) or "none"
