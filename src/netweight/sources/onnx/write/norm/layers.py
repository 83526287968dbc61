"""Normalisation."""

from __future__ import annotations

from netweight.lazy import np
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


def _affine(step: Step, weight: int, bias: int, shape: tuple[int, ...]) -> tuple[str, str]:
    """Names of weight and bias; of ones and zeros, which are not parameters, where the layer does not have them."""
    names = step.names
    return names[weight] or step.filled(1, shape), names[bias] or step.filled(0, shape)


@writes("batch_norm")
def batch_norm(step: Step) -> None:
    """BatchNormalization."""
    x, mean, var, _, _ = step.names
    weight, bias = _affine(step, 3, 4, step.spec(1).shape)
    step.result("BatchNormalization", x, weight, bias, mean, var, epsilon=step.attrs.eps)


@writes("batch_norm_training")
def batch_norm_training(step: Step) -> None:
    """BatchNormalization with the mean and variance of the batch, and what becomes of the running ones.

    Its training mode keeps the variance of the batch where PyTorch keeps n / (n - 1) times that of n numbers, and
    runtimes differ in which one they keep.
    """
    attrs = step.attrs
    x, _, _, running_mean, running_var = step.names
    rank, channels = len(step.x.shape), step.x.shape[1]
    dims = step.ints(0, *range(2, rank))
    mean = step.value("ReduceMean", x, dims, keepdims=0)
    away = step.value("Sub", x, step.reshaped(mean, (channels, *(1,) * (rank - 2))))
    var = step.value("ReduceMean", step.value("Mul", away, away), dims, keepdims=0)
    weight, bias = _affine(step, 1, 2, (channels,))
    step.output(0, "BatchNormalization", x, weight, bias, mean, var, epsilon=attrs.eps)
    if not running_mean:
        return
    count = step.x.numel // channels
    for at, old, new, share in ((1, running_mean, mean, 1.0), (2, running_var, var, count / (count - 1))):
        kept = step.value("Mul", old, step.scalar(1 - attrs.momentum))
        step.output(at, "Add", kept, step.value("Mul", new, step.scalar(attrs.momentum * share)))


@writes("layer_norm")
def layer_norm(step: Step) -> None:
    """LayerNormalization over the last dimensions."""
    shape = step.attrs.normalized_shape
    x, weight, bias = step.names
    weight = weight or step.filled(1, shape)
    step.result("LayerNormalization", x, weight, bias, axis=-len(shape), epsilon=step.attrs.eps)


@writes("rms_norm")
def rms_norm(step: Step) -> None:
    """x over the root of its mean square: RMSNormalization came with operator set 23."""
    x, weight = step.names
    dims = step.ints(*range(-len(step.attrs.normalized_shape), 0))
    mean = step.value("ReduceMean", step.value("Mul", x, x), dims, keepdims=1)
    root = step.value("Sqrt", step.value("Add", mean, step.scalar(step.attrs.eps)))
    if weight:
        step.result("Mul", step.value("Div", x, root), weight)
    else:
        step.result("Div", x, root)


@writes("group_norm")
def group_norm(step: Step) -> None:
    """InstanceNormalization of the groups: GroupNormalization has a weight per channel from operator set 21 on."""
    x, weight, bias = step.names
    n, groups = step.x.shape[0], step.attrs.num_groups
    grouped = step.reshaped(x, (n, groups, step.x.numel // (n * groups)))
    ones, zeros = step.filled(1, (groups,)), step.filled(0, (groups,))
    normed = step.value("InstanceNormalization", grouped, ones, zeros, epsilon=step.attrs.eps)
    _scaled(step, normed, weight, bias)


def _scaled(step: Step, normed: str, weight: str, bias: str) -> None:
    """Back in the shape of x, times the weight plus the bias of each channel."""
    per_channel = (step.x.shape[1], *(1,) * (len(step.x.shape) - 2))
    y = step.reshaped(normed, step.x.shape) if weight or bias else normed
    if weight and bias:
        y = step.value("Mul", y, step.reshaped(weight, per_channel))
    if not (weight or bias):
        step.result("Reshape", y, step.ints(*step.x.shape))
    elif bias:
        step.result("Add", y, step.reshaped(bias, per_channel))
    else:
        step.result("Mul", y, step.reshaped(weight, per_channel))


@writes("instance_norm")
def instance_norm(step: Step) -> None:
    """InstanceNormalization."""
    x = step.names[0]
    weight, bias = _affine(step, 1, 2, (step.x.shape[1],))
    step.result("InstanceNormalization", x, weight, bias, epsilon=step.attrs.eps)


@writes("local_response_norm")
def local_response_norm(step: Step) -> None:
    """LRN, whose sum is one channel off for an even number of them: then the mean is taken by AveragePool."""
    attrs = step.attrs
    if attrs.size % 2 and len(step.x.shape) == 4:
        step.result("LRN", *step.names, alpha=attrs.alpha, beta=attrs.beta, bias=attrs.k, size=attrs.size)
        return
    n, channels, *sizes = step.x.shape
    squared = step.value("Mul", step.names[0], step.names[0])
    elements = int(np.prod(sizes, dtype=np.int64))
    around = [0, 0, attrs.size // 2, 0, 0, 0, (attrs.size - 1) // 2, 0]
    padded = step.value("Pad", step.reshaped(squared, (n, 1, channels, elements)), step.ints(*around))
    mean = step.value("AveragePool", padded, kernel_shape=[attrs.size, 1])
    scale = step.value("Mul", step.reshaped(mean, step.x.shape), step.scalar(attrs.alpha))
    scale = step.value("Add", scale, step.scalar(attrs.k))
    step.result("Div", step.names[0], step.value("Pow", scale, step.scalar(attrs.beta)))
