"""Which peak of a device an arithmetic meets."""

from __future__ import annotations

from netweight.errors import UsageError, unknown_name
from netweight.ir import bits_of, is_floating
from netweight.results.device import Device

_NAMES = {
    "float64": "fp64", "float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "complex64": "fp32",
    "complex128": "fp64",
}  # fmt: skip
_FLOATS = ("fp4", "fp8", "bf16", "fp16", "tf32", "fp32", "fp64")
_WHOLE = ("int4", "int8", "int16", "int32")


def rate_of(device: Device, dtype: str) -> str:
    """Name of the peak that arithmetic in a type meets; empty if the device computes in nothing that holds it.

    A type that the device does not have is computed in the narrowest wider one that it has: int8 on a device that
    has fp16 and fp32 alone in fp16. ``tf32`` holds no float32 and stands for none, unless it is asked for.

    Args:
        device: The device.
        dtype: Element type: ``"int8"``.
    """
    for name in _wider(dtype):
        if name in device.compute:
            return name
    return ""


def asked_rate(device: Device, precision: str) -> str:
    """The peak that a user asks for.

    Raises:
        UnknownNameError: If the device does not have it.
        UsageError: If the device has none at all.
    """
    if not device.compute:
        raise UsageError(f"precision: expected a device with peak rates, {device.name} has none")
    if precision not in device.compute:
        raise unknown_name(
            f"precision of {device.name}", precision, device.compute, fix=f"known: {', '.join(device.compute)}"
        )
    return precision


def _wider(dtype: str) -> tuple[str, ...]:
    """Names of arithmetic that hold a type, the narrowest first."""
    if dtype.startswith("float8"):
        return ("fp8", "fp16", "bf16", "fp32", "fp64")
    if dtype.startswith("float4"):
        return ("fp4", "fp8", "fp16", "bf16", "fp32", "fp64")
    if is_floating(dtype) or dtype.startswith("complex"):
        own = _NAMES.get(dtype, "fp32")
        later = [name for name in ("fp32", "fp64") if _FLOATS.index(name) > _FLOATS.index(own)]
        return (own, *later)
    own = (
        "int4"
        if bits_of(dtype) <= 4
        else "int8"
        if bits_of(dtype) <= 8
        else "int16"
        if bits_of(dtype) <= 16
        else "int32"
    )
    return (*_WHOLE[_WHOLE.index(own) :], *(("fp16",) if bits_of(dtype) <= 8 else ()), "fp32", "fp64")
