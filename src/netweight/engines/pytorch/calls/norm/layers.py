"""PyTorch's calls: layers."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812


def local_response_norm(attrs: Any, x: Any) -> Any:
    if x.ndim < 3:  # PyTorch wants a spatial dimension
        return local_response_norm(attrs, x[..., None])[..., 0]
    return F.local_response_norm(x, attrs.size, alpha=attrs.alpha, beta=attrs.beta, k=attrs.k)


def batch_norm(attrs: Any, x: Any, running_mean: Any, running_var: Any, weight: Any, bias: Any) -> Any:
    """PyTorch gives no gradients of the statistics: they are compared with finite differences alone."""
    return F.batch_norm(x, running_mean.detach(), running_var.detach(), weight, bias, eps=attrs.eps)


def batch_norm_training(attrs: Any, x: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any) -> Any:
    """PyTorch updates the running statistics in place, outside its gradients: values by its code, gradients by ours."""
    updated: list[Any] = [None if r is None else r.detach().clone() for r in (running_mean, running_var)]
    mean, var = updated
    y = F.batch_norm(x, mean, var, weight, bias, training=True, momentum=attrs.momentum, eps=attrs.eps)
    if running_mean is None:
        return y
    dims = [d for d in range(x.ndim) if d != 1]
    batch = (x.mean(dims), x.var(dims))  # the unbiased variance
    formulas = [torch.lerp(r, b, attrs.momentum) for r, b in zip((running_mean, running_var), batch, strict=True)]
    return y, *(f + (u - f).detach() for f, u in zip(formulas, updated, strict=True))


def layer_norm(attrs: Any, x: Any, weight: Any, bias: Any) -> Any:
    return F.layer_norm(x, attrs.normalized_shape, weight, bias, attrs.eps)


def rms_norm(attrs: Any, x: Any, weight: Any) -> Any:
    return F.rms_norm(x, attrs.normalized_shape, weight, attrs.eps)


def group_norm(attrs: Any, x: Any, weight: Any, bias: Any) -> Any:
    """Not torch.nn.functional's, which refuses groups of one element; a bias alone has no backward in either."""
    if weight is None and bias is not None:
        weight = torch.ones_like(bias)
    return torch.group_norm(x, attrs.num_groups, weight, bias, attrs.eps)


def instance_norm(attrs: Any, x: Any, weight: Any, bias: Any) -> Any:
    return F.instance_norm(x, weight=weight, bias=bias, eps=attrs.eps)


CALLS = {
    "batch_norm": batch_norm,
    "batch_norm_training": batch_norm_training,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "local_response_norm": local_response_norm,
    "rms_norm": rms_norm,
    "log_softmax": lambda attrs, x: F.log_softmax(x, attrs.dim),
    "softmax": lambda attrs, x: F.softmax(x, attrs.dim),
}
