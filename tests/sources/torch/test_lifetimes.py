"""The ``torch-eager`` convention is what PyTorch holds: storages alive in a real forward on the CPU, to the byte."""

import weakref
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

from netweight import capture, weigh  # noqa: E402
from netweight.ir.serial import graph_from_json, graph_to_json  # noqa: E402


class Alive(TorchDispatchMode):
    """Bytes of all storages that some tensor still refers to; the model's own are not counted."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._seen: dict[int, Any] = {t.untyped_storage()._cdata: None for t in (*model.parameters(), *model.buffers())}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs, result)):
            if isinstance(leaf, torch.Tensor):
                self._see(leaf.untyped_storage())
        return result

    def _see(self, storage: Any) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return

        def gone(_: Any) -> None:
            self.now -= size
            del self._seen[key]

        self._seen[key] = weakref.ref(storage, gone)
        self.now += size
        self.peak = max(self.peak, self.now)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(8, 16, 3, padding=1), nn.Conv2d(16, 8, 3, padding=1)
        self.bn, self.relu = nn.BatchNorm2d(16), nn.ReLU(inplace=True)

    def forward(self, x: Any) -> Any:
        y = self.conv2(self.relu(self.bn(self.conv1(x))))
        y += x
        return y


class KeepsAList(nn.Module):
    """Dense connections: every result stays in a list until the end."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8 * (i + 1), 8) for i in range(4))

    def forward(self, x: Any) -> Any:
        found = [x]
        for layer in self.layers:
            found.append(layer(torch.cat(found, 1)))
        return found[-1]


class Views(nn.Module):
    """A parameter seen through a view, chunks, a slice written in place, a transposed copy."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.randn(1, 1, 8))

    def forward(self, x: Any) -> Any:
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        a, b = x.chunk(2, dim=2)
        x[:, 0] = 0
        return (a.transpose(1, 2).contiguous() @ b).softmax(-1)


class MadeOfWeights(nn.Module):
    """A table that is computed anew at every call, as relative positions are."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(64, 64))

    def forward(self, x: Any) -> Any:
        bias = (self.table * 2).transpose(0, 1).contiguous()
        return torch.relu(x + bias) * bias


class Masked(nn.Module):
    """A causal mask and angles made from sizes: what is made of no input is held as well, until it is let go of."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x: Any) -> Any:
        at = torch.arange(x.shape[1])
        mask = torch.where(at[:, None] >= at[None], 0.0, float("-inf"))
        angles = torch.outer(at.double(), torch.linspace(0, 1, 4, dtype=torch.float64)).float()
        h = self.fc(x) + torch.cat((angles.cos(), angles.sin()), -1)
        scores = (h @ h.mT + mask).softmax(-1)
        del mask
        return scores @ h


class MaskedAtTheEnd(nn.Module):
    """The worst moment is before an operator of the graph: a table much larger than what it is made for."""

    def forward(self, x: Any) -> Any:
        y = x * 2
        table = torch.zeros(256, 8).add_(1).cumsum(0) * 3
        return y + table[: x.shape[0]]


class Listed(nn.Module):
    """Numbers that are written in the program."""

    def forward(self, x: Any) -> Any:
        return torch.relu(x)[..., torch.tensor([0, 2])] * torch.tensor([1.0, 2.0])


class SumsUp(nn.Module):
    """Zeros that are written, let go of, and made again."""

    def forward(self, x: Any) -> Any:
        for _ in range(2):
            zeros = torch.zeros(4, 8).scatter_add_(0, torch.zeros(6, 8, dtype=torch.int64), x)
            x = torch.relu(x) + zeros.sum()
            del zeros
        return x.exp()


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (SumsUp(), (6, 8)),
        (Listed(), (3, 4)),
        (Masked(), (2, 16, 8)),
        (MaskedAtTheEnd(), (4, 8)),
        (MadeOfWeights(), (2, 64, 64)),
        (Residual(), (1, 8, 16, 16)),
        (nn.Sequential(Residual(), Residual()), (2, 8, 16, 16)),
        (KeepsAList(), (4, 8)),
        (Views(), (3, 7, 8)),
        (nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True), (2, 10, 16)),
    ],
)
def test_peak_is_what_pytorch_holds(module: Any, shape: tuple[int, ...]) -> None:
    module.eval()
    x = torch.randn(shape)
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), torch._C._AutoDispatchBelowADInplaceOrView(), Alive(module) as alive:
            module(x)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    assert weigh(module, shape, conventions=("torch-eager",)).activations["torch-eager"].peak_bytes == alive.peak


def test_what_is_made_of_no_input_is_in_the_graph_with_its_steps() -> None:
    graph = capture(Masked(), (2, 16, 8))
    made = {one.nbytes: one for one in graph.temporaries}
    steps = [node.op for node in graph.nodes]
    mask = made[4 * 16 * 16]  # float32
    assert mask.names
    assert all(graph.values[name].kind == "constant" for name in mask.names)
    assert (mask.first, mask.last) == (0, steps.index("softmax"))  # it is deleted then
    # A comparison of 16 * 16 booleans is gone before the first operator.
    brief = [one for one in graph.temporaries if one.last < one.first]
    assert max(one.nbytes for one in brief) >= 16 * 16
    assert graph_from_json(graph_to_json(graph), {name: op.attrs for name, op in _table().items()}) == graph


def _table() -> Any:
    from netweight.ops import REGISTRY

    return {name: REGISTRY[name] for name in REGISTRY}


def test_a_step_keeps_a_mask_that_backward_reads_and_no_other() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(8, 8)

        def forward(self, x: Any) -> Any:
            mask = torch.ones(8) * 2
            shift = torch.arange(8.0)
            return self.fc(x) * mask + shift

    found = weigh(Scaled(), (4, 8), training=True).training
    assert found is not None
    assert found.saved_activation_bytes == 4 * 4 * 8 + 4 * 8  # x; the mask, not the shift
    assert found.conventions["ideal"].saved_activation_bytes == 4 * 4 * 8  # there a constant lasts
