"""How a model is to be described, as the user asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from netweight.errors import Either, UsageError

Inputs: TypeAlias = Any
"""A shape, a ``TensorSpec`` or a tensor; a tuple of them, or a dict by name; None for the published input, or a guess
that the profile's notes name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Settings of a description.

    Attributes:
        inputs: Shapes, specs or tensors.
        batch: Samples at once, where the inputs do not say; None if nobody says.
        training: Whether batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open, by name.
        method: What is called of a PyTorch module.
        past: Tokens in the cache of the step of decoding that is asked for, 0 for as many as are usual; None for none.
        bits: Whether widths are given for all that is computed, so that the input need not be of the weights' type.
        as_written: Whether conversions of a quantised model are operators of their own, as they are written.
        numbers: Makes the numbers that a PyTorch module is captured with, see ``capture_module``.
    """

    inputs: Inputs = None
    batch: int | None = None
    training: bool = False
    dims: Mapping[str, int] | None = None
    method: str = "forward"
    past: int | None = None
    bits: bool = False
    as_written: bool = False
    numbers: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        """Refuse a batch of nothing.

        Raises:
            UsageError: If there is no sample.
        """
        if self.samples < 1:
            raise UsageError(f"batch: expected at least 1 sample, got {self.batch}")

    @property
    def samples(self) -> int:
        """Samples at once: one where nobody says."""
        return 1 if self.batch is None else self.batch

    def check_batch(self) -> None:
        """Refuse a batch beside an input, which has its own.

        Raises:
            UsageError: If both are given.
        """
        if self.inputs is not None and self.samples != 1:
            raise UsageError(f"batch: expected the batch in the input's shape, got {self.batch} beside an input")

    def check_undescribed(self, what: str, *, fix: str, **others: Any) -> None:
        """Refuse settings that would have no effect on what is described already.

        Args:
            what: What is described: ``"a graph"``.
            fix: What to do instead.
            **others: Further settings of the caller, by name.

        Raises:
            UsageError: If one is given.
        """
        self.check_no_program()
        asked = {"inputs": self.inputs, "training": self.training, **others, "batch": self.samples != 1}
        for name, value in asked.items():
            if not _is_nothing(value):
                raise UsageError(
                    f"{name}: expected a model that is still to be described, got {what} with its shapes",
                    fix=fix,
                )

    def check_no_program(self) -> None:
        """Refuse what only PyTorch modules have: other methods, and steps of decoding.

        Raises:
            UsageError: If one is asked for.
        """
        for name, value in (("method", self.method != "forward"), ("decode", self.past is not None)):
            if value:
                raise UsageError(
                    f"{name}: expected a PyTorch module, got another kind of model",
                    fix=Either(
                        f"leave it out, or give a torch.nn.Module beside {name}=",
                        f"leave it out, or name a module: netweight FILE.py:CLASS --{name}",
                    ),
                )

    def check_alone(self, what: str) -> None:
        """Refuse inputs and methods beside what has its own.

        Raises:
            UsageError: If one is given.
        """
        if self.inputs is not None or self.method != "forward":
            raise UsageError(
                f"{what}: expected no input and no method beside it, got one",
                fix=Either("batch= and past=", "--batch and --past"),
            )

    def check_open(self) -> None:
        """Refuse sizes of open dimensions, which only ONNX models have.

        Raises:
            UsageError: If some are given.
        """
        if self.dims:
            names = ", ".join(self.dims)
            raise UsageError(
                f"dim: expected an ONNX model, got {names} for another",
                fix=Either("inputs= or batch=", "--input or --batch"),
            )


def _is_nothing(value: Any) -> bool:
    """Whether a setting was not given: None, False or an empty collection."""
    return value is None or value is False or (isinstance(value, tuple | list | dict | str) and not value)
