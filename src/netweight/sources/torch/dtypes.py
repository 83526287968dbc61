"""Element types and specs of PyTorch's tensors, in our names."""

from __future__ import annotations

import torch

from netweight.ir import TensorSpec

_DTYPES = {getattr(torch, name): name for name in (
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool",
    "complex64", "complex128", "float8_e4m3fn", "float8_e5m2",
)} | {torch.quint8: "uint8", torch.qint8: "int8", torch.qint32: "int32", torch.uint4: "uint4"}  # fmt: skip
_TORCH_DTYPES = {
    name: dtype for dtype, name in _DTYPES.items() if dtype not in (torch.quint8, torch.qint8, torch.qint32)
}


def dtype_name(dtype: torch.dtype) -> str:
    """Our name of an element type."""
    return _DTYPES.get(dtype) or str(dtype).removeprefix("torch.")


def torch_dtype(name: str) -> torch.dtype:
    """PyTorch's element type of that name."""
    return _TORCH_DTYPES[name]


def spec_of(tensor: torch.Tensor) -> TensorSpec:
    """Shape and element type of a tensor."""
    dtype = tensor.dtype
    return TensorSpec(tuple(tensor.shape), _DTYPES.get(dtype) or dtype_name(dtype))
