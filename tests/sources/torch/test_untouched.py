"""What the user holds is as it was after a capture, and what the caller gives is read, not changed."""

from __future__ import annotations

import collections
import copy
import dataclasses
import functools
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

import netweight

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402


class Helper:
    """An object that a module holds."""

    kinds: ClassVar[collections.Counter[str]] = collections.Counter()

    def __init__(self) -> None:
        self.last: Any = None
        self.seen: list[Any] = []

    def note(self, x: Any) -> None:
        self.last = x
        self.seen.append(x)
        self.kinds["note"] += 1


class Slotted:
    """An object without a ``__dict__``."""

    __slots__ = ("table", "value")

    def __init__(self) -> None:
        self.table: dict[str, Any] = {}


class Keeps(nn.Module):
    """Changes what it holds, however deep it lies."""

    calls = 0
    shared: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.nested = {"a": [1, {"b": {3}}], "d": collections.deque([1, 2])}
        self.counted = collections.defaultdict(list, x=[0])
        self.helper, self.slotted = Helper(), Slotted()
        self.pair, self.nothing = ([1], {"k": 2}), ()
        self.to_fill: list[Any] = []
        self.table = np.zeros(3)
        self.loose = [nn.Linear(4, 4)]
        self.ending: Callable[[], Any] = lambda: None
        self.on_call = self.helper.note

    def forward(self, x: Any) -> Any:
        x = self.fc(x)
        type(self).calls += 1
        type(self).made = x
        self.shared.append(x)
        self.nested["a"][1]["b"].add(4)  # type: ignore[index]
        self.nested["a"].insert(0, x)  # type: ignore[attr-defined]
        self.nested["d"].pop()  # type: ignore[attr-defined]
        self.counted["y"].append(x)
        self.on_call(x)
        self.slotted.table["x"] = self.slotted.value = x
        self.pair[0].clear()
        self.to_fill.append(x)
        self.pair[1]["x"] = x
        self.table[1] = 7
        self.loose[0].extra = x
        self.loose.append(self.fc)
        self.ending()
        return self.fc(x)


def content(value: Any) -> Any:
    """All that an object holds, as plain data."""
    if isinstance(value, dict):
        return {key: content(item) for key, item in value.items()}
    if isinstance(value, list | tuple | collections.deque):
        return [content(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Slotted):
        return {name: content(getattr(value, name)) for name in Slotted.__slots__ if hasattr(value, name)}
    if isinstance(value, nn.Module | Helper):
        return {name: content(item) for name, item in vars(value).items() if not callable(item) or item is value}
    return copy.copy(value) if isinstance(value, set) else id(value)


def stop(error: BaseException) -> Callable[[], Any]:
    def ending() -> None:
        raise error

    return ending


@pytest.mark.parametrize("error", [None, RuntimeError("no more"), KeyboardInterrupt()])
def test_all_that_a_module_reaches_is_as_it_was(error: BaseException | None) -> None:
    network = Keeps()
    if error is not None:
        network.ending = stop(error)
    before, loose, dictionary = content(network), content(network.loose[0]), content(vars(network.loose[0]))
    classes = dict(vars(Keeps)), list(Keeps.shared), dict(Helper.kinds)
    if isinstance(error, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            netweight.weigh(network, (2, 4))
    else:
        netweight.weigh(network, (2, 4))
    assert content(network) == before
    assert (content(network.loose[0]), content(vars(network.loose[0]))) == (loose, dictionary)
    assert (dict(vars(Keeps)), list(Keeps.shared), dict(Helper.kinds)) == classes


MASKS: dict[int, Any] = {}
CALLS: list[int] = []
LATEST: Any = None


@functools.lru_cache
def remembered(x: Any) -> Any:
    return x * 2


class Global(nn.Module):
    """Keeps what it computed in the file, as masks by size are kept."""

    def forward(self, x: Any) -> Any:
        global LATEST  # noqa: PLW0603
        CALLS.append(1)
        if x.shape[0] not in MASKS:
            MASKS[x.shape[0]] = (x > 0, 1)
        LATEST = x
        return remembered(x) * MASKS[x.shape[0]][0]


def test_no_tensor_without_numbers_is_left_in_a_file() -> None:
    known = torch.ones(2)
    MASKS[7] = known
    netweight.weigh(Global(), (3, 4))
    assert list(MASKS) == [7]
    assert MASKS[7] is known
    assert LATEST is None
    assert remembered.cache_info().currsize == 0
    assert CALLS == [1], "what a program writes down otherwise is its own"


def test_settings_of_the_process() -> None:
    class Sets(nn.Module):
        def forward(self, x: Any) -> Any:
            np.random.rand()  # noqa: NPY002
            torch.set_default_dtype(torch.float64)
            torch.use_deterministic_algorithms(True)
            torch.set_float32_matmul_precision("medium")
            warnings.simplefilter("always")
            torch.set_grad_enabled(False)
            return x * 2

    def now() -> Any:
        return (
            np.random.get_state()[1].tolist(),  # type: ignore[index]  # noqa: NPY002
            torch.get_default_dtype(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_float32_matmul_precision(),
            list(warnings.filters),
            torch.is_grad_enabled(),
        )

    before = now()
    netweight.weigh(Sets(), (2,))
    assert now() == before


class Cache:
    """Keys and values of a decoder, as packages keep them: objects in a list in an object."""

    class Layer:
        def __init__(self, keys: Any = None) -> None:
            self.keys = keys

    def __init__(self, *keys: Any) -> None:
        self.layers = [Cache.Layer(key) for key in keys] or [Cache.Layer()]
        self.sizes = [(4, 5)]
        self.itself = self

    def update(self, keys: Any, at: int) -> Any:
        layer = self.layers[at]
        layer.keys = keys if layer.keys is None else torch.cat([layer.keys, keys], 1)
        return layer.keys


class Decoder(nn.Module):
    """One step: the new key beside the old ones."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4, bias=False)

    def forward(self, x: Any, cache: Any = None) -> Any:
        keys = cache.update(self.fc(x), 0)
        assert cache.itself is cache
        assert cache.sizes == [(4, 5)]
        return x @ keys.transpose(1, 2), cache


def test_a_cache_is_an_input_and_stays_as_it_was() -> None:
    old = torch.randn(2, 9, 4)
    cache = Cache(old)
    layers, layer = cache.layers, cache.layers[0]
    found = capture_module(Decoder(), {"x": (2, 1, 4), "cache": cache})
    assert found.error is None
    assert (cache.layers, cache.layers[0], layer.keys) == (layers, layer, old)
    assert found.graph.inputs == ("x", "cache.layers.0.keys")
    assert found.graph.spec("cache.layers.0.keys").nbytes == 2 * 9 * 4 * 4
    # The scores of one query with ten keys, and the cache that the caller gets: ten keys.
    assert [found.graph.spec(name).shape for name in found.graph.outputs] == [(2, 1, 10), (2, 10, 4)]
    profile = netweight.weigh(Decoder(), {"x": (2, 1, 4), "cache": cache})
    assert profile.totals.macs == 2 * (4 * 4 + 10 * 4)
    assert profile.coverage.complete


def test_an_empty_cache_is_filled_in_a_copy() -> None:
    cache = Cache()
    profile = netweight.weigh(Decoder(), {"x": (2, 3, 4), "cache": cache})
    assert cache.layers[0].keys is None
    assert profile.totals.macs == 2 * (3 * 16 + 3 * 3 * 4)


@dataclasses.dataclass
class Batch:
    """What a loader gives."""

    x: Any
    sizes: list[int]
    made: Any = dataclasses.field(init=False, default=None)


@dataclasses.dataclass(frozen=True)
class Frozen:
    """What nobody changes."""

    x: Any


class Reads(nn.Module):
    """Takes its input from where it lies, and leaves something there."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self.fc, self.read = nn.Linear(4, 4), read

    def forward(self, given: Any) -> Any:
        return self.fc(self.read(given))


def from_batch(batch: Any) -> Any:
    batch.made = batch.x
    batch.sizes.append(3)
    return batch.x


def from_dict(given: Any) -> Any:
    return given.setdefault("made", given.pop("x"))


def from_list(given: Any) -> Any:
    given.append(given[0])
    return given[0]


GIVEN: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "dataclass": (lambda: Batch(torch.randn(2, 4), [1, 2]), from_batch),
    "frozen dataclass": (lambda: Frozen(torch.randn(2, 4)), lambda given: given.x),
    "dict": (lambda: {"x": torch.randn(2, 4)}, from_dict),
    "ordered dict": (lambda: collections.OrderedDict(x=torch.randn(2, 4)), from_dict),
    "default dict": (lambda: collections.defaultdict(list, x=torch.randn(2, 4)), from_dict),
    "user dict": (lambda: collections.UserDict(x=torch.randn(2, 4)), from_dict),
    "list": (lambda: [torch.randn(2, 4)], from_list),
    "deque": (lambda: collections.deque([torch.randn(2, 4)]), from_list),
}


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize("fails", [False, True])
def test_arguments_are_copied(name: str, fails: bool) -> None:
    make, read = GIVEN[name]
    given = make()
    before = copy.deepcopy(given)

    def reading(value: Any) -> Any:
        x = read(value)
        if fails:
            raise RuntimeError("no more")
        return x

    capture = capture_module(Reads(reading), (given,))
    assert (capture.error is None) is not fails
    assert repr(given) == repr(before)
    assert [capture.graph.spec(value).shape for value in capture.graph.inputs] == [(2, 4)]


def test_what_cannot_be_copied_is_given_as_it_is() -> None:
    import threading

    lock = threading.Lock()

    class Holds:
        def __init__(self) -> None:
            self.lock, self.x = lock, torch.randn(2, 4)

    given = Holds()

    def read(value: Any) -> Any:
        assert value.lock is lock
        assert value is not given
        return value.x

    assert capture_module(Reads(read), (given,)).error is None


def test_hooks_that_a_forward_takes_away_are_hooks_again() -> None:
    """They are in an ordered dict, which has its order beside what it holds."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.handles = [self.register_forward_pre_hook(lambda *_, name=name: name and None) for name in "ab"]

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.handles[0].remove()
            return x + 1

    module = Net()
    before = list(module._forward_pre_hooks.items())
    netweight.weigh(module, (2, 4))
    assert list(module._forward_pre_hooks.items()) == before
