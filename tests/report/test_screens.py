"""What ten networks look like on terminals of five widths: nothing too wide, nothing lost, nothing cut in a number."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from torch import nn

from netweight import Profile, build, capture, export, weigh
from netweight.report.table import Options, table_of
from netweight.report.terminal import to_text

WIDTHS = (40, 80, 100, 120, 200)
BUILT_IN = ("alexnet", "lenet5", "vgg16", "resnet50", "mobilenet_v2", "googlenet", "densenet121", "bert_base")
NAMES = (*BUILT_IN, "euler", "decoder.onnx")
SCREEN = 46  # lines of a terminal that is not small
FIGURE = re.compile(r"\d[\d,.]* (?:[kMGT]i?)?(?:B|FLOP|MACs|OP|%)")


class Euler(nn.Module):
    """A recurrent network that is written as a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.head = nn.Linear(16, 16), nn.Linear(16, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.zeros(x.shape[0], 16)
        for step in range(100):
            h = h + 0.1 * (torch.tanh(self.cell(h)) - h) + x[:, step]
        return self.head(h)


def decoder(x: build.Symbol) -> build.Symbol:
    """Three blocks of a transformer."""
    for index in range(3):
        with build.scope(x, f"h.{index}", "Block"):
            normed = build.layer_norm(x, name="ln_1")
            with build.scope(x, "attn", "Attention"):
                q, k, v = build.split(build.linear(normed, 96, name="qkv"), (32, 32, 32), dim=2)
                x = build.add(x, build.linear(build.scaled_dot_product_attention(q, k, v), 32, name="proj"))
            with build.scope(x, "mlp", "MLP"):
                wide = build.gelu(build.linear(build.layer_norm(x, name="ln_2"), 128, name="fc"))
                x = build.add(x, build.linear(wide, 32, name="proj"))
    return build.linear(x, 10, name="head")


@cache
def profile_of(name: str) -> Profile:
    if name in BUILT_IN:
        return weigh(name)
    if name == "euler":
        return weigh(capture(Euler(), (1, 100, 16)))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "decoder.onnx"
        export(build.graph(decoder, (1, 16, 32), name="decoder"), path)
        return weigh(path)


def screen(profile: Profile, width: int) -> list[str]:
    """Heading and table, with what is said below it."""
    lines = to_text(profile, width=width).splitlines()
    blank = lines.index("")
    return [*lines[: blank + 1], *takewhile(bool, lines[blank + 1 :])]


@pytest.mark.parametrize("name", NAMES)
def test_screens(name: str, golden: Callable[[str, str], None]) -> None:
    screens = [screen(profile_of(name), width) for width in WIDTHS]
    parts = []
    for at, (width, lines) in enumerate(zip(WIDTHS, screens, strict=True)):
        same = at > 0 and lines == screens[at - 1]
        parts.append(f"=== {width} columns{': the same' if same else ''}\n")
        parts += [] if same else [f"{line}\n" for line in lines]
    golden(f"screens/{name}.txt", "".join(parts))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    lines = to_text(profile_of(name), width=width).splitlines()
    wide = [line for line in lines if len(line) > width]
    assert not [line for line in wide if len(line.split()) > 1 and len(line.split()[-1]) < width // 2]


@pytest.mark.parametrize("width", range(40, 130, 11))
def test_no_number_is_broken_or_parted_from_its_unit(width: int) -> None:
    """What the report says below its table is, with its lines joined again, what it says without a width."""
    profile = profile_of("resnet50")
    whole = to_text(profile).split("\n\n")[2:]
    broken = to_text(profile, width=width).split("\n\n")[2:]
    assert " ".join("\n".join(broken).split()) == " ".join("\n".join(whole).split())
    lines = "\n".join(broken).splitlines()
    assert [figure for line in lines for figure in FIGURE.findall(line)] == FIGURE.findall("\n".join(whole))


@pytest.mark.parametrize("name", NAMES)
def test_a_network_fits_a_screen(name: str) -> None:
    assert len(to_text(profile_of(name), width=100).splitlines()) <= SCREEN


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "options", [Options(), Options(every=True), Options(fold=False), Options(sort="params"), Options(depth=2)]
)
def test_lines_add_up_to_the_totals(name: str, options: Options) -> None:
    profile = profile_of(name)
    table = table_of(profile, options)
    for key, total in (("params", profile.totals.params), ("macs", profile.totals.macs)):
        at = table.keys.index(key)
        assert sum(int(line[at].replace(",", "")) for line in table.lines) == total
        assert table.total[at] == f"{total:,}"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_there_or_said_to_be_left_out(name: str, width: int) -> None:
    profile = profile_of(name)
    shown = "\n".join(screen(profile, width))
    heading = next(line for line in shown.splitlines() if line.startswith("layer")).split()
    left = re.search(r"left out at \d+\s+columns: (.*?) \(", shown.replace("\n ", ""), re.DOTALL)
    missing = [] if left is None else re.split(r",\s*", left[1])
    assert sorted(heading + missing) == sorted(table_of(profile, Options()).titles)
