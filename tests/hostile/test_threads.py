"""Threads inside a forward, and captures inside of them."""

from __future__ import annotations

import queue
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest
import torch
from torch import nn

import netweight
from netweight.results.profile import Profile


class Branches(nn.Module):
    """Three layers of 8 * 8 MACs, side by side; how they are called is up to those below."""

    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))

    def calls(self, x: torch.Tensor) -> Any:
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return sum(self.calls(x), torch.zeros(()))


class Pooled(Branches):
    def calls(self, x: torch.Tensor) -> Any:
        with ThreadPoolExecutor(3) as pool:
            return [future.result() for future in [pool.submit(branch, x) for branch in self.branches]]


class Mapped(Branches):
    def calls(self, x: torch.Tensor) -> Any:
        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(lambda branch: branch(x), self.branches))


class Kept(Branches):
    """A pool of its own, whose threads run already."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = ThreadPoolExecutor(3)
        list(self.pool.map(abs, range(9)))

    def calls(self, x: torch.Tensor) -> Any:
        return list(self.pool.map(lambda branch: branch(x), self.branches))


@pytest.mark.parametrize("kind", [Pooled, Mapped, Kept])
def test_a_pool_is_counted(kind: type[Branches]) -> None:
    found = netweight.weigh(kind(), (1, 8))
    assert (found.totals.macs, found.coverage.complete) == (3 * 8 * 8, True)
    assert [row.layer for row in found.layers if row.macs] == ["branches.0", "branches.1", "branches.2"]


def test_an_error_in_a_pool_comes_where_its_result_is_asked_for() -> None:
    class Fails(Branches):
        def calls(self, x: torch.Tensor) -> Any:
            with ThreadPoolExecutor(1) as pool:
                future = pool.submit(self.branches[0], x[:, :4])
                y = self.branches[1](x)
                future.result()
                return [y]

    found = netweight.weigh(Fails(), (1, 8))
    assert found.totals.macs == 8 * 8
    assert found.coverage.stopped_at


class Started(Branches):
    def calls(self, x: torch.Tensor) -> Any:
        made: list[Any] = [None] * 3

        def work(at: int) -> None:
            made[at] = self.branches[at](x)

        threads = [threading.Thread(target=work, args=(at,)) for at in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return made


class Functional(Started):
    """No module is called there."""

    def __init__(self) -> None:
        super().__init__()
        weights = [branch.weight for branch in self.branches]
        del self.branches
        self.weights = nn.ParameterList(weights)
        self.branches = [lambda x, w=w: torch.nn.functional.linear(x, w) for w in self.weights]


class Elsewhere(Branches):
    def calls(self, x: torch.Tensor) -> Any:
        with ThreadPool(2) as pool:
            return pool.map(lambda branch: branch(x), list(self.branches))


class Worker(Branches):
    """A thread that waits for what its starter gives it."""

    def calls(self, x: torch.Tensor) -> Any:
        given: queue.Queue[Any] = queue.Queue()
        made: queue.Queue[Any] = queue.Queue()

        def work() -> None:
            while (branch := given.get()) is not None:
                made.put(branch(x))

        threading.Thread(target=work, daemon=True).start()
        for branch in self.branches:
            given.put(branch)
        results = [made.get() for _ in self.branches]
        given.put(None)
        return results


@pytest.mark.parametrize("kind", [Started, Functional])
def test_threads_that_are_waited_for_are_counted(kind: type[Branches]) -> None:
    found = _weighed(kind())
    assert (found.totals.macs, found.coverage.complete) == (3 * 8 * 8, True)


@pytest.mark.parametrize("kind", [Elsewhere, Worker])
def test_threads_that_wait_for_their_starter_are_said(kind: type[Branches]) -> None:
    found = _weighed(kind())
    assert not found.coverage.complete
    assert any("another thread" in note for note in found.notes) or found.coverage.stopped_at


def _weighed(module: nn.Module) -> Profile:
    """What a capture gives that has to be done within a minute."""
    found: list[Profile] = []
    thread = threading.Thread(target=lambda: found.append(netweight.weigh(module, (1, 8))), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    return found[0]


class Weighs(nn.Linear):
    """Weighs another network while it runs, on a thread that it waits for."""

    def __init__(self, how: str) -> None:
        super().__init__(8, 8)
        self.how = how
        self.seen: list[str] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        def work() -> None:
            try:
                self.seen.append(str(netweight.weigh(nn.Linear(4, 4), (1, 4)).totals.macs))
            except netweight.NetweightError as error:
                self.seen.append(str(error))

        if self.how == "thread":
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        elif self.how == "pool":
            with ThreadPoolExecutor(1) as pool:
                pool.submit(work).result()
        else:
            work()
        sys.stdout.write("".join(self.seen))
        return super().forward(x)


@pytest.mark.parametrize(("how", "says"), [("thread", "expected a thread of its own"), ("pool", "16"), ("here", "16")])
def test_weighing_inside_of_a_forward_does_not_wait_for_itself(
    how: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _weighed(Weighs(how)).totals.macs == 8 * 8
    assert says in capsys.readouterr().out


def test_captures_on_several_threads_at_once() -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(netweight.weigh(Pooled(), (1, 8)).totals.macs)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [192] * 4


@pytest.mark.parametrize("kind", [Pooled, Started, Elsewhere, Functional])
def test_threads_and_warnings_are_as_they_were(kind: type[Branches]) -> None:
    before = (threading.Thread.start, ThreadPoolExecutor.submit, warnings.filters, list(warnings.filters))
    netweight.weigh(kind(), (1, 8))
    after = (threading.Thread.start, ThreadPoolExecutor.submit, warnings.filters, list(warnings.filters))
    assert after == before


def test_what_a_forward_does_to_warnings_and_the_compiler_is_undone() -> None:
    torch.compiler.reset()
    stance = torch._dynamo.eval_frame._stance  # type: ignore[attr-defined]

    class Sets(nn.Linear):
        def forward(self, _: torch.Tensor) -> torch.Tensor:
            warnings.simplefilter("ignore")
            torch.compiler.set_stance("eager_on_recompile")
            raise ValueError

    before = list(warnings.filters)
    with pytest.raises(netweight.NetweightError):
        netweight.weigh(Sets(8, 8), (1, 8))
    assert warnings.filters == before
    assert torch._dynamo.eval_frame._stance == stance  # type: ignore[attr-defined]
