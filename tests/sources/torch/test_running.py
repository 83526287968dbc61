"""A captured graph, run on our reference with the module's own weights, gives what PyTorch gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netweight.ir import validate
from netweight.ops import REGISTRY
from netweight.runtime import run
from netweight.runtime.kernels import KERNELS

torch = pytest.importorskip("torch")

from netweight.sources.torch import capture_module  # noqa: E402
from sources.torch import networks, networks_deep, networks_inception  # noqa: E402
from sources.torch.blocks import BLOCKS, Recurrent  # noqa: E402

# Largest difference of an output, as a share of its largest element.
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
# Large layers take long: the stricter of the two, or a network of the same operators, says it.
ONCE = {
    ("vgg11-lrn", "float64"),
    ("vgg11_bn", "float32"),
    ("vgg11_bn", "float64"),
    ("alexnet-one-tower", "float64"),
    ("xception", "float64"),
    ("inception_v3", "float64"),
}

# The networks of the zoo, at a resolution that their strides leave something of.
NETWORKS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "mlp": (lambda: networks.perceptron(5, 3, 2), (2, 5)),
    "shallow_cnn": (networks.shallow_cnn, (2, 1, 28, 28)),
    "lenet5": (networks.lenet5, (2, 1, 32, 32)),
    "lenet5-1998": (networks.lenet5_1998, (2, 1, 32, 32)),
    "alexnet-one-tower": (networks.alexnet_one_tower, (1, 3, 64, 64)),
    "vgg11-lrn": (lambda: networks.vgg((1, 1, 2, 2, 2), "lrn"), (1, 3, 32, 32)),
    "vgg11_bn": (lambda: networks.vgg((1, 1, 2, 2, 2), "batch"), (1, 3, 32, 32)),
    "nin": (networks.nin, (2, 3, 32, 32)),
    "googlenet": (lambda: networks.googlenet(normalised=False), (1, 3, 64, 64)),
    "googlenet-3x3": (lambda: networks.googlenet(normalised=True), (1, 3, 64, 64)),
    "inception_v3": (networks_inception.inception_v3, (1, 3, 80, 80)),
    "resnet18": (lambda: networks_deep.resnet((2, 2, 2, 2), bottleneck=False), (1, 3, 48, 48)),
    "resnet50": (lambda: networks_deep.resnet((1, 2, 2, 1), bottleneck=True), (2, 3, 48, 48)),
    "densenet": (lambda: networks_deep.densenet((3, 3, 3, 2)), (1, 3, 64, 64)),
    "mobilenet_v1": (networks_deep.mobilenet_v1, (1, 3, 64, 64)),
    "mobilenet_v2": (networks_deep.mobilenet_v2, (1, 3, 64, 64)),
    "xception": (networks_deep.xception, (1, 3, 71, 71)),
    "vit": (lambda: networks_deep.VisionTransformer(size=32, patch=8, embed_dim=128, depth=2), (2, 3, 32, 32)),
    "transformer_encoder": (lambda: networks_deep.encoder(64, 2, 4, 96), (2, 7, 64)),
}


def random_state(make: Callable[[], Any], dtype: str) -> Any:
    """The network with random weights, and statistics that are none of a fresh network."""
    torch.manual_seed(0)
    module = make()
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_()
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    return module.to(getattr(torch, dtype)).eval()


def check(module: Any, inputs: tuple[Any, ...], dtype: str) -> None:
    """Capture, run, compare every output."""
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    given = tuple(tensor.clone() for tensor in inputs)
    capture = capture_module(module, inputs if len(inputs) > 1 else inputs[0])
    assert capture.error is None
    validate(capture.graph)
    assert not [node.op for node in capture.graph.nodes if node.op not in REGISTRY]
    assert len(capture.graph.inputs) == len(inputs)
    arrays = {name: tensor.numpy() for name, tensor in zip(capture.graph.inputs, given, strict=True)}
    weights = capture.weights()
    ours = run(capture.graph, arrays, weights, kernels=KERNELS["im2col"]).outputs
    with torch.no_grad():
        result = module(*inputs)
    theirs = list(result) if isinstance(result, tuple) else [result]
    assert len(theirs) == len(capture.graph.outputs)
    for name, expected in zip(capture.graph.outputs, theirs, strict=True):
        wanted = expected.numpy()
        assert (ours[name].shape, ours[name].dtype) == (wanted.shape, wanted.dtype)
        assert np.isfinite(wanted).all()
        limit = TOLERANCE[dtype] * max(1e-3, float(np.abs(wanted).max()))
        np.testing.assert_allclose(ours[name].astype(float), wanted.astype(float), rtol=0, atol=limit, err_msg=name)
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def random_inputs(shapes: tuple[tuple[int, ...], ...], dtype: str) -> tuple[Any, ...]:
    generator = torch.Generator().manual_seed(1)
    return tuple(
        torch.randn(shape, generator=generator, dtype=torch.float64).to(getattr(torch, dtype)) for shape in shapes
    )


@pytest.mark.parametrize(
    ("name", "dtype"), [(name, dtype) for name in NETWORKS for dtype in TOLERANCE if (name, dtype) not in ONCE]
)
def test_networks_of_the_zoo(name: str, dtype: str) -> None:
    make, shape = NETWORKS[name]
    check(random_state(make, dtype), random_inputs((shape,), dtype), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name: str, dtype: str) -> None:
    make, shapes = BLOCKS[name]
    check(random_state(make, dtype), random_inputs(shapes, dtype), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_bert(dtype: str) -> None:
    module = random_state(lambda: networks_deep.Bert(embed_dim=64, depth=2, vocab_size=50), dtype)
    check(module, (torch.tensor([[3, 1, 4, 1, 5, 49], [2, 6, 5, 3, 0, 8]]),), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_recurrent_networks(dtype: str) -> None:
    check(random_state(Recurrent, dtype), (torch.tensor([[3, 1, 4, 10], [2, 6, 5, 0]]),), dtype)
