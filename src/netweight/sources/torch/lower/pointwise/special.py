"""Functions of each element that are composed of the table's operators, most of them of floating numbers."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.functions.pointwise import special
from netweight.sources.torch.lower import Rule, bind
from netweight.sources.torch.lower.common import floating, promoted
from netweight.sources.torch.recorder import Recorder


def _of_floating(function: Rule) -> Rule:
    """A function of one tensor, made floating if it is of integers."""

    def rule(rec: Recorder, self: Tensor, *settings: Any, **named: Any) -> Any:
        return function(rec, floating(rec, self), *settings, **named)

    return rule


_function: Rule
for _function, *_names in (
    (special.erfc, "erfc", "special_erfc"), (special.logit, "logit", "special_logit"),
    (special.sinc, "sinc", "special_sinc"), (special.entr, "special_entr"), (special.deg2rad, "deg2rad"),
    (special.rad2deg, "rad2deg"), (special.isposinf, "isposinf"), (special.isneginf, "isneginf"),
):  # fmt: skip
    bind(_of_floating(_function), *_names)
for _function, *_names in (
    (special.hypot, "hypot"), (special.xlogy, "xlogy", "special_xlogy"), (special.xlog1py, "special_xlog1py"),
    (special.logaddexp2, "logaddexp2"), (special.ldexp, "ldexp.Tensor", "ldexp.default"),
):  # fmt: skip
    bind(promoted(_function, floating=True, constants=True), *_names)
for _function in (special.fmax, special.fmin, special.heaviside):
    bind(promoted(_function), _function.__name__)
for _function in (special.frac, special.nan_to_num, special.signbit, special.polar):
    bind(_function)
