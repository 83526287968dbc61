"""Masks and tables made from sizes: past a bound they get no numbers and no memory, and figures stay as they are."""

import resource
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from netweight import capture, weigh  # noqa: E402
from netweight.sources.torch import growth  # noqa: E402


class Reads(nn.Module):
    """Adds the corner of a table to what a layer gives."""

    def __init__(self, made: Callable[[], Any]) -> None:
        super().__init__()
        self.fc, self.made = nn.Linear(4, 4), made

    def forward(self, x: Any) -> Any:
        table = self.made()
        return self.fc(x) + table[..., :1, :1].to(x.dtype).mean()


def _at(length: int) -> Any:
    return torch.arange(length)


LARGE = {
    "comparison": (lambda: _at(131072)[:, None] >= _at(131072), 131072**2),
    "difference": (lambda: _at(131072)[:, None] - _at(131072), 8 * 131072**2),
    "eye": (lambda: torch.eye(60000), 4 * 60000**2),
    "eye of two sizes": (lambda: torch.eye(60000, 50000), 4 * 60000 * 50000),
    "outer": (lambda: torch.outer(_at(60000), _at(60000)), 8 * 60000**2),
    "repeat": (lambda: torch.ones(1, 100).repeat(10**5, 1000), 4 * 10**10),
    "diagonal": (lambda: torch.diag(torch.ones(60000)), 4 * 60000**2),
    "diagonals": (lambda: torch.diag_embed(torch.ones(2, 60000)), 8 * 60000**2),
    "range": (lambda: torch.arange(10**10).view(10**5, 10**5), 8 * 10**10),
    "kron": (lambda: torch.kron(torch.ones(1000, 1000), torch.ones(100, 100)), 4 * 10**10),
    "pad": (lambda: nn.functional.pad(torch.ones(10, 10), (0, 10**5, 0, 10**5)), 4 * 100010**2),
    "zeros": (lambda: torch.zeros(60000, 60000), 4 * 60000**2),
    "where": (lambda: torch.where(_at(60000)[:, None] > _at(60000), 0.0, 1.0), 4 * 60000**2),
    "one hot": (lambda: nn.functional.one_hot(_at(60000), 60000), 8 * 60000**2),
}


@pytest.mark.parametrize(("made", "nbytes"), LARGE.values(), ids=LARGE)
def test_a_large_table_takes_no_memory_and_counts_with_its_bytes(made: Callable[[], Any], nbytes: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    profile = weigh(Reads(made), (2, 4), conventions=("torch-eager",))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB
    assert profile.totals.macs == 2 * 4 * 4
    assert profile.coverage.complete
    assert profile.activations["torch-eager"].peak_bytes >= nbytes


SMALL = {
    "comparison": lambda: _at(64)[:, None] >= _at(64),
    "eye": lambda: torch.eye(64),
    "outer": lambda: torch.outer(_at(64), _at(64)),
    "repeat": lambda: torch.ones(1, 8).repeat(64, 8),
    "diagonal": lambda: torch.diag(torch.ones(64)),
}


@pytest.mark.parametrize("made", SMALL.values(), ids=SMALL)
def test_what_it_weighs_does_not_depend_on_the_bound(monkeypatch: pytest.MonkeyPatch, made: Callable[[], Any]) -> None:
    known = capture(Reads(made), (2, 4))
    monkeypatch.setattr(growth, "LARGEST", 1000)
    unknown = capture(Reads(made), (2, 4))

    def largest(graph: Any) -> Any:
        return max(temporary.nbytes for temporary in graph.temporaries)

    assert largest(known) == largest(unknown) >= 64 * 64
    peaks = [weigh(g, conventions=("torch-eager",)).activations["torch-eager"].peak_bytes for g in (known, unknown)]
    assert peaks[0] == peaks[1]


def test_numbers_that_steer_are_kept_up_to_the_bound() -> None:
    class Steered(nn.Module):
        def forward(self, x: Any) -> Any:
            mask = _at(1500)[:, None] >= _at(1500)
            return x.exp() if mask.all() else x.tanh()

    graph = capture(Steered(), (2, 4))
    assert [node.op for node in graph.nodes] == ["tanh"]
