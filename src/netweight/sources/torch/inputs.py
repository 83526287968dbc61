"""What a module is called with: tensors without numbers, made from shapes, specs or real tensors."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from netweight.errors import UsageError, unknown_name
from netweight.ir import Filled, TensorSpec
from netweight.sources.torch.dtypes import torch_dtype
from netweight.sources.torch.entry import parameters_of_entry
from netweight.sources.torch.leaves import leaves_of
from netweight.sources.torch.plain_sizes import PlainSizes
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.symbolic import Numbers, Symbolic, is_shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """A call of the module.

    Attributes:
        args: Positional arguments.
        kwargs: Named arguments.
        names: Names of the graph's inputs.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    names: tuple[str, ...]

    @staticmethod
    def leaves_of(result: Any) -> list[torch.Tensor]:
        """Tensors in what the module returned: in tuples, dicts, dataclasses and objects that hold some."""
        return list(leaves_of(result))


def symbolic_arguments(
    module: torch.nn.Module, inputs: Any, *, recording: TensorRecording, numbers: Numbers | None = None,
    plain: bool | None = None, method: str = "forward",
) -> Arguments:  # fmt: skip
    """Arguments in which every tensor is without numbers (small integer tensors keep theirs: they steer programs).

    Args:
        module: The module; its ``method`` names the inputs.
        inputs: See ``capture_module``.
        recording: Learns the inputs.
        numbers: See ``capture_module``.
        plain: Whether tuples of numbers that may be shapes are passed as they are; None to judge by what is beside.
        method: What is called.

    Raises:
        UsageError: If ``inputs`` does not have one of these forms.
    """
    given: tuple[Any, ...] = ()
    named: dict[str, Any] = {}
    if isinstance(inputs, Mapping):
        named = dict(inputs)
    elif isinstance(inputs, TensorSpec | Filled | torch.Tensor) or is_shape(inputs):
        given = (inputs,)
    elif isinstance(inputs, list | tuple):
        given = tuple(inputs)
    else:
        raise UsageError(f"inputs: expected a shape, a tensor, or a tuple or dict of them, got {type(inputs).__name__}")
    parameters = parameters_of_entry(module, method)
    alone = len(given) == 1 and is_shape(given[0])
    maker = Symbolic(recording, numbers, None if alone else PlainSizes(parameters, (given, named), otherwise=plain))
    _check_names(module, parameters, named)
    positional = _parameter_names(parameters, len(given))
    args = tuple(maker.make(value, name) for value, name in zip(given, positional, strict=True))
    kwargs = {name: maker.make(value, name) for name, value in named.items()}
    return Arguments(args=args, kwargs=kwargs, names=tuple(maker.names))


def may_be_plain(inputs: Any) -> bool:
    """Whether there are tuples of numbers among several inputs, which are shapes or numbers that the program takes."""
    if not isinstance(inputs, Mapping | list | tuple) or len(inputs) < 2 or is_shape(inputs):
        return False
    return any(map(_has_shape, inputs.values() if isinstance(inputs, Mapping) else inputs))


def _has_shape(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_shape, value.values()))
    return is_shape(value) or (isinstance(value, list | tuple) and any(map(_has_shape, value)))


def tensor_of(array: Any) -> torch.Tensor:
    """A copy of an array of NumPy.

    Raises:
        UsageError: If PyTorch does not have its element type.
    """
    name = array.dtype.name
    small = name.startswith(("bfloat", "float8"))  # types that PyTorch does not take from NumPy
    try:
        dtype = torch_dtype(name)
        return torch.tensor(array.astype("float32" if small else array.dtype.newbyteorder("="), order="C"), dtype=dtype)
    except (KeyError, TypeError) as error:
        raise UsageError(f"inputs: expected an element type that PyTorch has, got {name!r}") from error


def _parameter_names(parameters: Sequence[inspect.Parameter], count: int) -> list[str]:
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = plain[:count] + [f"x{at}" for at in range(len(plain), count)]
    return ["x" if name == "input" and count == 1 else name for name in names]


def _check_names(module: torch.nn.Module, parameters: Sequence[inspect.Parameter], named: Mapping[str, Any]) -> None:
    """Refuse names that the module's forward does not have."""
    if not parameters or any(p.kind == p.VAR_KEYWORD for p in parameters):
        return
    known = [p.name for p in parameters]
    for name in named:
        if name not in known:
            from netweight.sources.torch.faults.arguments import keys_of

            holders = [holder for holder in known if name in keys_of(module, holder)]
            fix = f"--input {holders[0]}.{name}:SHAPE" if holders else f"its forward takes {', '.join(known)}"
            raise unknown_name("input of the module", name, () if holders else known, fix=fix)
