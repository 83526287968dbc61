"""Activation functions."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


@writes("selu")
def selu(step: Step) -> None:
    """Selu."""
    step.result("Selu", *step.names)


@writes("relu6")
def relu6(step: Step) -> None:
    """Clip."""
    step.result("Clip", step.names[0], step.scalar(0), step.scalar(6))


@writes("hardsigmoid")
def hardsigmoid(step: Step) -> None:
    """HardSigmoid."""
    step.result("HardSigmoid", *step.names, alpha=step.attrs.alpha, beta=step.attrs.beta)


@writes("leaky_relu")
def leaky_relu(step: Step) -> None:
    """LeakyRelu."""
    step.result("LeakyRelu", *step.names, alpha=step.attrs.negative_slope)


@writes("celu")
def celu(step: Step) -> None:
    """Celu; it has single precision only."""
    if step.x.dtype == "float32":
        step.result("Celu", *step.names, alpha=step.attrs.alpha)
        return
    scaled = step.value("Div", step.names[0], step.scalar(step.attrs.alpha))
    bent = step.value("Mul", step.value("Elu", scaled), step.scalar(step.attrs.alpha))
    step.result("Where", step.value("Greater", step.names[0], step.scalar(0)), step.names[0], bent)


@writes("prelu")
def prelu(step: Step) -> None:
    """PRelu, the weight of a channel in its dimension."""
    x, weight = step.names
    rank, numel = len(step.x.shape), step.spec(1).numel
    if rank > 2 and numel > 1:
        weight = step.reshaped(weight, (numel, *(1,) * (rank - 2)))
    step.result("PRelu", x, weight)


@writes("silu")
def silu(step: Step) -> None:
    """x * Sigmoid(x): Swish came with operator set 24."""
    step.result("Mul", step.names[0], step.value("Sigmoid", step.names[0]))


@writes("softplus")
def softplus(step: Step) -> None:
    """Softplus of beta * x; beyond the threshold it differs from x by less than rounding does."""
    x, beta = step.names[0], step.attrs.beta
    scaled = x if beta == 1 else step.value("Mul", x, step.scalar(beta))
    bent = step.value("Softplus", scaled)
    bent = bent if beta == 1 else step.value("Div", bent, step.scalar(beta))
    step.result("Where", step.value("Greater", scaled, step.scalar(step.attrs.threshold)), x, bent)


@writes("log_sigmoid")
def log_sigmoid(step: Step) -> None:
    """Minus Softplus of -x."""
    step.result("Neg", step.value("Softplus", step.value("Neg", *step.names)))


@writes("softshrink")
def softshrink(step: Step) -> None:
    """Shrink with a bias."""
    step.result("Shrink", *step.names, bias=step.attrs.lambd, lambd=step.attrs.lambd)


@writes("hardshrink")
def hardshrink(step: Step) -> None:
    """Shrink without a bias."""
    step.result("Shrink", *step.names, bias=0.0, lambd=step.attrs.lambd)


@writes("tanhshrink")
def tanhshrink(step: Step) -> None:
    """x - Tanh(x)."""
    step.result("Sub", step.names[0], step.value("Tanh", *step.names))


@writes("threshold")
def threshold(step: Step) -> None:
    """ThresholdedRelu for zeros in place of what is small, else Where."""
    attrs, x = step.attrs, step.names[0]
    if attrs.value == 0 and step.x.dtype != "float64":
        step.result("ThresholdedRelu", x, alpha=attrs.threshold)
        return
    step.result("Where", step.value("Greater", x, step.scalar(attrs.threshold)), x, step.scalar(attrs.value))


@writes("glu")
def glu(step: Step) -> None:
    """One half times the Sigmoid of the other."""
    dim, half = step.attrs.dim, step.y.shape[step.attrs.dim]
    a, b = step.several("Split", 2, step.names[0], step.ints(half, half), axis=dim)
    step.result("Mul", a, step.value("Sigmoid", b))
