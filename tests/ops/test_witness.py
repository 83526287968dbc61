"""Every operator that PyTorch has computes what PyTorch computes, forward and backward, in float64."""

from typing import Any

import numpy as np
import pytest

from cases import CASES
from cases.shared import hold

torch = pytest.importorskip("torch")

from netweight.ops import REGISTRY  # noqa: E402
from netweight.testing.laws import gradients, noise_like, run  # noqa: E402
from witness import NARROWED, UP_TO_SIGN, WITNESSES  # noqa: E402


def _tensor(x: Any) -> Any:
    if x is None:
        return None
    tensor = torch.from_numpy(np.array(x))  # a copy: the witness may not touch ours
    return tensor.requires_grad_() if tensor.is_floating_point() or tensor.is_complex() else tensor


@pytest.mark.parametrize("name", sorted(WITNESSES))
def test_forward_and_backward_are_pytorchs(name: str) -> None:
    op = REGISTRY[name]

    def as_pytorch_computes(attrs: Any, inputs: Any) -> None:
        tensors = tuple(_tensor(x) for x in inputs)
        theirs = WITNESSES[name](attrs, *tensors)
        theirs = theirs if isinstance(theirs, tuple) else (theirs,)
        ours, saved = run(op, attrs, inputs)
        for y, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-9, atol=1e-11)
        if not op.differentiable:
            return
        rng = np.random.default_rng(0)
        grad_outputs = tuple(noise_like(y, rng) for y in ours)
        flows = [y.requires_grad for y in theirs]
        if any(flows):
            pairs = [(y, g) for y, g, goes in zip(theirs, grad_outputs, flows, strict=True) if goes]
            torch.autograd.backward([y for y, _ in pairs], [torch.from_numpy(np.asarray(g)) for _, g in pairs])
        found = gradients(op, attrs, grad_outputs, inputs, saved)
        for grad, tensor in zip(found, tensors, strict=True):
            if tensor is not None and tensor.grad is not None:
                np.testing.assert_allclose(grad, tensor.grad.numpy(), rtol=1e-8, atol=1e-10)

    hold(as_pytorch_computes, NARROWED.get(name, CASES[name]))


@pytest.mark.parametrize("name", sorted(UP_TO_SIGN))
def test_factors_are_pytorchs_up_to_sign(name: str) -> None:
    """Weighted sums of products in which signs cancel, and their gradients through ours and through PyTorch's."""
    op = REGISTRY[name]
    factor, combined = UP_TO_SIGN[name]

    def up_to_sign(attrs: Any, inputs: Any) -> None:
        x = _tensor(inputs[0])
        expected = combined(*factor(attrs, x))
        ours, saved = run(op, attrs, inputs)
        tensors = [_tensor(y) for y in ours]
        found = combined(*tensors)
        weights = [torch.from_numpy(noise_like(y.detach().numpy(), np.random.default_rng(0))) for y in expected]
        for y, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(y.detach().numpy(), theirs.detach().numpy(), rtol=1e-8, atol=1e-10)
        sum((y * w).sum() for y, w in zip(expected, weights, strict=True)).backward()
        sum((y * w).sum() for y, w in zip(found, weights, strict=True)).backward()
        grad_outputs = tuple(tensor.grad.numpy() for tensor in tensors)
        (grad,) = gradients(op, attrs, grad_outputs, inputs, saved)
        np.testing.assert_allclose(grad, x.grad.numpy(), rtol=1e-6, atol=1e-8 * (1 + np.abs(x.grad.numpy()).max()))

    hold(up_to_sign, CASES[name])
