"""The same function means the same operators and figures, whoever says it: the table, PyTorch, the builder, ONNX."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from cases import CASES

pytest.importorskip("torch")

from netweight.ops import REGISTRY
from sources.one_meaning import captured, differences, figures, one_node
from sources.spellings import APART, SAYABLE, SPELLED
from witness import WITNESSES

# What PyTorch's functions are captured as is not yet the operator of the table.
NOT_YET = {
    "addcdiv", "addcmul", "all", "any", "binary_cross_entropy", "binary_cross_entropy_with_logits", "count_nonzero",
    "huber_loss", "index", "kl_div", "l1_loss", "lerp", "logsumexp", "lp_pool", "nll_loss", "smooth_l1_loss",
    "softsign", "split", "tanhshrink",
}  # fmt: skip

_few = settings(
    max_examples=4, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def _always(*_case: Any) -> bool:
    return True


def _alike(name: str, inputs: Any) -> Any:
    """Operators on each element get one type, without what PyTorch casts before them."""
    if REGISTRY[name].kind != "elementwise" or name in SAYABLE:
        return inputs
    dtype = np.result_type(*inputs)
    return tuple(np.asarray(x).astype(np.int64 if dtype.kind == "b" and "bitwise" in name else dtype) for x in inputs)


def _captured_otherwise(name: str) -> list[str]:
    """What differs, case by case."""
    found: list[str] = []
    said = SPELLED.get(name, WITNESSES.get(name))

    @_few
    @given(case=CASES[name].filter(lambda case: SAYABLE.get(name, _always)(case[0], *case[1])))
    def compare(case: Any) -> None:
        attrs, inputs = case[0], _alike(name, case[1])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = captured(said, inputs, attrs)
        found.append(differences(figures(graph), figures(one_node(name, attrs, inputs))))

    compare()
    assert found
    return [text for text in found if text]


@pytest.mark.parametrize("name", sorted({*WITNESSES, *SPELLED} - APART.keys() - NOT_YET))
def test_a_function_of_pytorch_is_the_operator_of_the_table(name: str) -> None:
    assert not _captured_otherwise(name)


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_what_is_not_yet_the_same_is_listed(name: str) -> None:
    try:
        found = _captured_otherwise(name)
    except Exception as error:
        found = [str(error)]
    assert found, f"{name} is the same by now: take it off NOT_YET"
