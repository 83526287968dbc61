"""What differs between two models, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from netweight.app.arguments import BITS, MODEL, takes
from netweight.app.asked import Inputs
from netweight.app.comparison import Comparison, compared
from netweight.app.identify import Model
from netweight.app.revision import file_at
from netweight.app.weigh import weigh
from netweight.own_rules import OwnRules
from netweight.results.profile import Profile

Side: TypeAlias = "Model | Profile"


@takes(**{name: door for name, door in MODEL.items() if name != "model"}, bits=BITS)
def compare(
    before: Side,
    after: Side,
    inputs: Inputs = None,
    *,
    batch: int | None = None,
    bits: int | str | None = None,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    rules: OwnRules | None = None,
    as_written: bool = False,
) -> Comparison:
    """What differs between two models: which layers are the same, changed, moved, renamed, added, removed, and by what.

    >>> import netweight
    >>> found = netweight.compare("resnet18", "resnet34")
    >>> found.totals["macs"].difference, found.counts["removed"]
    (1849688064, 0)

    Args:
        before: Anything that ``netweight.weigh`` takes, a stored report, a ``Profile``, or a file as a revision of git
            had it: ``"model.onnx@main"``.
        after: The same.
        inputs: Shape of the input of both, batch included, or spec, array or tensor; several as a tuple or a dict.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        bits: Bit widths of both: ``8``, ``"w8a8"``; as described by default.
        training: Batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        rules: What operators of your own cost, for this call.
        as_written: What a quantised model converts stays as it is written.

    Raises:
        NetweightError: If a model, its input or another argument is not one that fits; the error says what does.
    """
    asked: dict[str, Any] = {
        "inputs": inputs, "batch": batch, "bits": bits, "training": training, "dims": dims, "rules": rules,
        "as_written": as_written,
    }  # fmt: skip
    return compared(_profile(before, asked), _profile(after, asked))


def _profile(side: Side, asked: Mapping[str, Any]) -> Profile:
    if isinstance(side, Profile):
        return side
    if not isinstance(side, str):
        return weigh(side, **asked)
    with file_at(side) as model:
        return weigh(model, **asked)
