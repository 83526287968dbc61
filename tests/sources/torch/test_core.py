"""Every operator of PyTorch's core set is recorded by a rule, or here with the reason why not."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from netweight.sources.torch.operators import Operator  # noqa: E402

GRADIENT = (
    "a gradient: PyTorch takes it apart where a program asks for it, and the rules of the forward say what a step costs"
)
MADE = "made of sizes alone: done at capture, and no work of the network"
LEFT_OUT = {
    "arange": MADE,
    "embedding_dense_backward": GRADIENT,
    "empty": MADE,
    "empty_strided": MADE,
    "full": MADE,
    "max_pool2d_with_indices_backward": GRADIENT,
    "native_group_norm_backward": GRADIENT,
    "native_layer_norm_backward": GRADIENT,
    "rand": MADE,
    "randn": MADE,
    "randperm": MADE,
    "resize": "memory of another size under the same tensor: listed as unknown, so that nobody takes it for counted",
    "scalar_tensor": MADE,
}


def core() -> list[Any]:
    """Operators tagged as core: what ``torch.export`` comes down to.

    They are those that PyTorch's dispatcher knows; ``dir(torch.ops.aten)`` has only those that somebody asked for.
    """
    found = []
    for full_name in sorted(torch._C._dispatch_get_all_op_names()):
        namespace, _, name = full_name.partition("::")
        packet, _, overload = name.partition(".")
        if namespace == "aten":
            found.append(getattr(getattr(torch.ops.aten, packet), overload or "default"))
    return [overload for overload in found if torch.Tag.core in overload.tags]


def test_every_core_operator_has_a_rule_or_a_reason() -> None:
    found = [Operator(overload) for overload in core()]
    assert len(found) > 180
    unlisted = {operator.base for operator in found if operator.rule is None and not operator.composite}
    assert sorted(unlisted) == sorted(LEFT_OUT)
