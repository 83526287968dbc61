"""A capture leaves no trace in the module or the process, however it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

import netweight
from netweight.errors import MissingExtraError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.autograd.function import _SingleLevelFunction  # noqa: E402
from torch.utils import checkpoint  # noqa: E402

from netweight.sources.torch import capture_module, dispatch, module, unintercepted  # noqa: E402
from sources.torch.alike import state_of  # noqa: E402


class Busy(nn.Module):
    """Changes all it can: buffers, attributes, modes, gradients, weights, random numbers."""

    def __init__(self, ending: Callable[[], Any] = lambda: None) -> None:
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)
        self.normed = nn.utils.spectral_norm(nn.Linear(4, 4))
        self.encoder = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.register_buffer("steps", torch.zeros(2))
        self.plain = torch.zeros(2)
        self.seen: list[Any] = []
        self.table: dict[str, Any] = {}
        self.ending = ending
        self.conv.register_forward_hook(lambda *_: None)

    def forward(self, x: Any) -> Any:
        self.steps += 1
        self.steps[0] = 7
        self.plain.add_(1)
        self.last = x
        self.seen.append(x)
        self.table["x"] = x
        self.conv.weight.requires_grad_(False)
        self.conv.weight.data.mul_(2)
        with torch.no_grad():
            self.conv.bias.add_(1)
            self.normed.bias[0] = x.sum()
        self.drop.train(not self.drop.training)
        x = self.drop(self.norm(self.conv(x)).relu_()) * torch.rand(1)
        x = self.encoder(self.normed(x.flatten(2).transpose(1, 2)))
        self.plain = x.mean(0)
        self.extra = nn.Linear(1, 1)
        self.ending()
        return x


def stop(error: BaseException) -> Callable[[], Any]:
    def ending() -> None:
        raise error

    return ending


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("training", [True, False, None])
@pytest.mark.parametrize("grad", [True, False])
def test_nothing_is_changed(mode: str, training: bool | None, grad: bool) -> None:
    network = getattr(Busy(), mode)()
    before = state_of(network)
    with torch.set_grad_enabled(grad):
        inside = state_of(network)
        found = capture_module(network, (2, 3, 6, 6), training=training)
        assert state_of(network) == inside
    assert found.error is None, found.error
    assert state_of(network) == before


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_nothing_is_changed_by_an_error_or_an_interrupt() -> None:
    network = Busy(stop(RuntimeError("no more")))
    before = state_of(network)
    profile = netweight.weigh(network, (2, 3, 6, 6))
    assert state_of(network) == before
    assert profile.totals.macs > 0
    assert not profile.coverage.complete
    assert profile.coverage.stopped_at is not None
    assert profile.fault is not None
    assert (profile.fault.error, profile.fault.message) == ("RuntimeError", "no more")
    network = Busy(stop(KeyboardInterrupt()))
    before = state_of(network)
    with pytest.raises(KeyboardInterrupt):
        netweight.weigh(network, (2, 3, 6, 6))
    assert state_of(network) == before


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_figures_do_not_depend_on_mode_or_gradients() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 2))
    expected = netweight.weigh(network.eval(), (2, 3, 6, 6))
    for mode in (True, False):
        for grad in (True, False):
            with torch.set_grad_enabled(grad):
                assert netweight.weigh(network.train(mode), (2, 3, 6, 6)) == expected
    with torch.inference_mode():
        assert netweight.weigh(network, (2, 3, 6, 6)) == expected


def test_the_place_of_an_error() -> None:
    class Broken(nn.Module):
        def forward(self, x: Any) -> Any:
            raise ValueError(f"cannot read {tuple(x.shape)}")

    network = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.ReLU(), Broken()), nn.Linear(4, 4))
    profile = netweight.weigh(network, (3, 4))
    assert profile.coverage.stopped_at == "1.1"
    assert profile.totals.macs == 3 * 16
    assert profile.fault is not None
    assert (profile.fault.layer, profile.fault.message) == ("1.1", "cannot read (3, 4)")


def test_weighing_inside_a_forward() -> None:
    inner = nn.Linear(4, 7)

    class Curious(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)
            self.found: list[int] = []

        def forward(self, x: Any) -> Any:
            x = self.fc(x)
            found.append(netweight.weigh(inner, (2, 4)).totals.macs)
            return self.fc(x)

    found: list[int] = []
    profile = netweight.weigh(Curious(), (3, 4))
    assert found == [2 * 4 * 7]
    assert profile.totals.macs == 2 * 3 * 16
    assert [(row.layer, row.calls) for row in profile.layers if row.macs] == [("fc", 2)]
    assert netweight.weigh(Curious(), (3, 4)) == profile


def test_two_threads_at_once() -> None:
    networks = [nn.Sequential(*(nn.Linear(width, width) for _ in range(20))) for width in (8, 16, 24)]
    expected = [netweight.weigh(n, (2, n[0].in_features)) for n in networks]
    found: list[list[Any]] = [[] for _ in networks]

    def work(at: int) -> None:
        for _ in range(5):
            found[at].append(netweight.weigh(networks[at], (2, networks[at][0].in_features)))

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(networks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[profile] * 5 for profile in expected]


def test_a_thread_that_outlives_the_capture_leaves_nothing_behind() -> None:
    """It records too, and ends after what the capture had put in the place of PyTorch's own functions is gone."""
    go_on = threading.Event()
    started: list[threading.Thread] = []

    class Starts(nn.Module):
        def forward(self, x: Any) -> Any:
            started.append(threading.Thread(target=go_on.wait, args=(20,)))
            started[0].start()
            return x + 1

    generator = checkpoint._checkpoint_without_reentrant_generator
    netweight.weigh(Starts(), (2, 3))
    go_on.set()
    started[0].join()
    assert "apply" not in vars(_SingleLevelFunction)
    assert checkpoint._checkpoint_without_reentrant_generator is generator
    netweight.weigh(nn.Linear(3, 3), (2, 3))
    assert "apply" not in vars(_SingleLevelFunction)


def test_a_model_that_runs_in_another_thread_is_left_alone() -> None:
    running, stop_running = nn.Sequential(nn.Linear(4, 4), nn.ReLU()), threading.Event()
    results: list[bool] = []

    def work() -> None:
        x = torch.ones(2, 4)
        expected = running(x)
        while not stop_running.is_set():
            results.append(bool(torch.equal(running(x), expected)))

    thread = threading.Thread(target=work)
    thread.start()
    network = nn.Sequential(*(nn.Linear(8, 8) for _ in range(50)))
    try:
        profiles = [netweight.weigh(network, (2, 8)) for _ in range(5)]
    finally:
        stop_running.set()
        thread.join()
    assert all(results)
    assert all(profile.totals.macs == 50 * 2 * 64 for profile in profiles)


def test_a_pytorch_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(MissingExtraError, match=r"torch: expected version 2\.6 or newer, got 2\.5\.1"):
        netweight.weigh(nn.Linear(4, 4), (3, 4))


class Residual(nn.Module):
    """A block of ResNet."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.conv2, self.norm2 = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Any) -> Any:
        y = self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x)))))
        y += x
        return self.relu(y)


BLOCKS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "residual": (Residual, (2, 4, 8, 8)),
    "transformer": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (2, 5, 8)),
    "lstm": (lambda: nn.LSTM(4, 5, bidirectional=True), (3, 2, 4)),
}


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("training", [True, False])
def test_the_public_way_gives_the_same_as_the_internal_one(
    name: str, training: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, shape = BLOCKS[name]
    block = make()
    expected = netweight.weigh(block, shape, training=training)
    monkeypatch.delattr(torch._C, "_AutoDispatchBelowADInplaceOrView")
    before = state_of(block)
    assert netweight.weigh(block, shape, training=training) == expected
    assert state_of(block) == before
    assert module.__name__  # the internal way is looked up at every call


@pytest.mark.parametrize("name", BLOCKS)
def test_intercepting_every_function_gives_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, shape = BLOCKS[name]
    block = make()
    expected = netweight.weigh(block, shape)
    monkeypatch.setattr(unintercepted, "_GUARD", None)
    monkeypatch.setattr(dispatch, "UNSEEN", nullcontext)
    assert netweight.weigh(block, shape) == expected
