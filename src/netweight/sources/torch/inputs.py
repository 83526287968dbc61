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
    module: torch.nn.Module, inputs: Any, *, batch: int, recording: TensorRecording, numbers: Numbers | None = None,
    plain: bool | None = None,
) -> Arguments:  # fmt: skip
    """Arguments in which every tensor is without numbers (small integer tensors keep theirs: they steer programs).

    Args:
        module: The module; its ``forward`` names the inputs.
        inputs: See ``capture_module``.
        batch: Samples at once, where the inputs are guessed.
        recording: Learns the inputs.
        numbers: See ``capture_module``.
        plain: Whether tuples of numbers that may be shapes are passed as they are; None to judge by what is beside.

    Raises:
        UsageError: If ``inputs`` does not have one of these forms, or cannot be guessed.
    """
    if inputs is None:
        spec, why = _guess(module, batch)
        recording.note(f"no input was given: {spec} is a guess from {why}")
        inputs = spec
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
    parameters = _parameters(module)
    alone = len(given) == 1 and is_shape(given[0])
    maker = Symbolic(recording, numbers, None if alone else PlainSizes(parameters, (given, named), otherwise=plain))
    _check_names(parameters, named)
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


def _parameters(module: torch.nn.Module) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError, AttributeError):  # a forward without a signature, as scripted modules have
        return []


def _parameter_names(parameters: Sequence[inspect.Parameter], count: int) -> list[str]:
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = plain[:count] + [f"x{at}" for at in range(len(plain), count)]
    return ["x" if name == "input" and count == 1 else name for name in names]


def _check_names(parameters: Sequence[inspect.Parameter], named: Mapping[str, Any]) -> None:
    """Refuse names that the module's forward does not have."""
    if not parameters or any(p.kind == p.VAR_KEYWORD for p in parameters):
        return
    known = [p.name for p in parameters]
    for name in named:
        if name not in known:
            raise unknown_name("input of the module", name, known, fix=f"its forward takes {', '.join(known)}")


def _guess(module: torch.nn.Module, batch: int) -> tuple[TensorSpec, str]:
    """An input that the first layer accepts.

    Raises:
        UsageError: If no layer says what it could be, or there must be several inputs.
    """
    needed = [p.name for p in _parameters(module) if p.default is p.empty and p.kind in (0, 1)]
    if len(needed) > 1:
        raise UsageError(
            f"inputs: expected an input for each of {', '.join(needed)}, as only one can be guessed",
            fix=" ".join(f"--input {name}:1x3x224x224" for name in needed),
        )
    guesses = (_accepted_by(name or "itself", layer, batch) for name, layer in module.named_modules())
    found = next((guess for guess in guesses if guess is not None), None)
    if found is None:
        message = "inputs: expected an input, as the module has no layer to guess one from"
        raise UsageError(message, fix="--input 1x3x224x224")
    return found


def _accepted_by(name: str, layer: torch.nn.Module, batch: int) -> tuple[TensorSpec, str] | None:
    """An input that a layer accepts, and why, if the layer says what it wants."""
    match layer:
        case torch.nn.Conv2d() | torch.nn.ConvTranspose2d():
            return TensorSpec((batch, layer.in_channels or 3, 224, 224)), f"the convolution {name!r}, at 224 x 224"
        case torch.nn.Conv1d() | torch.nn.ConvTranspose1d():
            return TensorSpec((batch, layer.in_channels or 3, 1024)), f"the convolution {name!r}, at length 1024"
        case torch.nn.Conv3d() | torch.nn.ConvTranspose3d():
            return TensorSpec(
                (batch, layer.in_channels or 3, 16, 112, 112)
            ), f"the convolution {name!r}, 16 x 112 x 112"
        case torch.nn.Embedding():
            return TensorSpec((batch, 128), "int64"), f"the embedding {name!r}, 128 tokens"
        case torch.nn.Linear():
            return TensorSpec((batch, layer.in_features)), f"the linear layer {name!r}"
        case torch.nn.RNNBase():
            shape = (batch, 128, layer.input_size) if layer.batch_first else (128, batch, layer.input_size)
            return TensorSpec(shape), f"the recurrent layer {name!r}, 128 steps"
        case _:
            return None
