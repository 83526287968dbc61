"""Whatever flags are given: every format has the same figures, and the sentence has them rounded."""

import contextlib
import csv
import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netweight.analysis.conventions import CONVENTIONS
from netweight.analysis.optimizers import OPTIMIZERS
from netweight.cli.main import run

MODELS = ("lenet5", "lenet5-1998", "mlp:widths=64-32-10", "mobilenet_v1:width=0.25")
BITS = ("8", "16", "4", "w4g32", "w8a16", "*1*=8", "*1*=w4g16,*2*=16")
COLUMNS = ("op", "output", "params", "macs", "flops", "ops", "activations", "size", "read", "written")
UNITS = ("si", "iec", "raw")
PREFIXES = {"": 0, "k": 1, "M": 2, "G": 3, "B": 3, "T": 4}
UNNAMED = r"\d+(?:\.\d+)?"
NUMBER = r"(\d+(?:\.\d+)?)"


@dataclass(frozen=True)
class Asked:
    """A command: flags that change what is weighed, and those that change what is shown."""

    model: str
    weighed: tuple[str, ...]
    shown: tuple[str, ...]
    units: str


Figure = tuple[str, str, str, int, int]
"""Words around a figure, its digits and prefix, the exact amount, and the base of the prefix."""


def optional(flag: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.just(()) | values.map(lambda value: (flag, str(value)))


@st.composite
def commands(draw: st.DrawFn) -> Asked:
    weighed = [
        *draw(optional("--batch", st.sampled_from([1, 3, 128]))),
        *draw(optional("--bits", st.sampled_from(BITS))),
        *[part for name in draw(st.lists(st.sampled_from(sorted(CONVENTIONS)), max_size=3, unique=True)) for part in
          ("--convention", name)],
    ]  # fmt: skip
    if draw(st.booleans()):
        weighed += ["--training", *draw(optional("--optimizer", st.sampled_from(sorted(OPTIMIZERS))))]
        weighed += draw(optional("--freeze", st.just("*1*")))
    shown = [
        *draw(optional("--depth", st.integers(1, 3))),
        *draw(optional("--sort", st.sampled_from(["params", "macs", "activations"]))),
        *draw(optional("--top", st.integers(1, 5))),
        *draw(st.sampled_from([(), ("--no-fold",), ("--all",)])),
        *draw(optional("--columns", st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True).map(",".join))),
    ]
    return Asked(draw(st.sampled_from(MODELS)), tuple(weighed), tuple(shown), draw(st.sampled_from(UNITS)))


def printed(*args: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run(list(args)) == 0, args
    return out.getvalue()


def is_rounded(shown: str, prefix: str, amount: int, *, base: int = 1000) -> bool:
    """Whether a number with a prefix is the nearest of as many digits."""
    scale = base ** PREFIXES[prefix]
    step = Fraction(scale, 10 ** len(shown.partition(".")[2]))
    return abs(Fraction(shown) * scale - amount) <= step / 2


def figures_of(sentence: str, report: dict[str, Any], units: str) -> Iterator[Figure]:
    """Every figure in the sentence."""
    totals = report["totals"]
    binary = 1024 if units == "iec" else 1000
    sized = rf"{NUMBER} ([kKMGT]?)i?B"
    expected: list[tuple[str, int, int]] = [
        (rf": {NUMBER} ?([kMBT]?) params", totals["params"], 1000),
        (rf", {sized}, ", totals["model_size_bytes"], binary),
        (rf", {NUMBER} ([kMGT]?)MACs", totals["macs"], 1000),
    ]
    work = re.search(r"MACs(?: \(.*?\))?, (.*?)(?:, peak activations|; )", sentence)
    assert work is not None, sentence
    if "FLOP" in work[1]:
        expected.append((rf", {NUMBER} ([kMGT]?)FLOP", totals["flops"], 1000))
    if "OP" in work[1].replace("FLOP", ""):
        expected.append((rf", {NUMBER} ([kMGT]?)OP", totals["ops_total"], 1000))
    for name, found in report["activations"].items():
        if f"({name}) =" in sentence:
            expected.append((rf"{NUMBER} ?([kMGT]?) \({name}\) = ", found["peak_count"], 1000))
            expected.append((rf"\({name}\) = {sized}", found["peak_bytes"], binary))
    forward, _, step = sentence.partition("a training step")
    yield from found_in(forward, expected)
    if "training" in report:
        yield from found_in(step, expected_of_training(report["training"], step, binary))


def expected_of_training(training: dict[str, Any], step: str, binary: int) -> list[tuple[str, int, int]]:
    trained = training["trained_params"]
    assert step.startswith(f" with {training['optimizer']} trains {'' if trained else 'nothing: '}")
    parts = [(rf"trains {NUMBER} ?([kMBT]?) params: ", trained, 1000)] if trained else []
    return [
        *parts,
        (rf": {NUMBER} ([kMGT]?)MACs", training["step_macs"], 1000),
        (rf", {NUMBER} ([kMGT]?)FLOP, ", training["step_flops"], 1000),
        (rf", peak {NUMBER} ([kKMGT]?)i?B \(", training["peak_bytes"], binary),
    ]


def found_in(text: str, expected: list[tuple[str, int, int]]) -> Iterator[Figure]:
    for pattern, amount, base in expected:
        found = re.search(pattern, text)
        assert found is not None, (pattern, text)
        yield pattern, found[1], found[2].replace("K", "k"), amount, base


def shares_of(sentence: str) -> list[tuple[str, str, str, str]]:
    """For each count of operations its prefix and unit, and digits and prefix of the part that is 2 x MACs."""
    return re.findall(
        rf"{UNNAMED} ([kMGT]?)(FLOP|OP)(?: in all)? \({NUMBER}(?: ([kMGT]))? of them 2 x MACs\)", sentence
    )


def grouped(count: int, units: str) -> str:
    return str(count) if units == "raw" else f"{count:,}"


def check_sentence(sentence: str, report: dict[str, Any], asked: Asked) -> None:
    totals = report["totals"]
    shape = "x".join(map(str, report["model"]["inputs"][0]["shape"]))
    assert sentence.startswith(f"{report['model']['name']} at {shape} ")
    for pattern, number, prefix, amount, base in figures_of(sentence, report, asked.units):
        assert is_rounded(number, prefix, amount, base=base), (pattern, number, prefix, amount)
    parts = {"FLOP": totals["contraction_flops"], "OP": 2 * totals["macs"]}
    for whole, unit, part, prefix in shares_of(sentence.partition("a training step")[0]):
        assert is_rounded(part, prefix or whole, parts[unit]), sentence
    if totals["flops"] == 0:
        assert "FLOP" not in sentence.partition("a training step")[0]
    asked_for = [name for flag, name in zip(asked.weighed, asked.weighed[1:], strict=False) if flag == "--convention"]
    assert all(f"({name}) = " in sentence for name in asked_for) or set(asked_for) <= {"lecture", "liveness"}


def check_totals(text: str, report: dict[str, Any], units: str) -> None:
    """Every digit of the figures below the table."""
    totals = report["totals"]
    figures = {"params": totals["params"], "MACs": totals["macs"], "FLOPs": totals["flops"]}
    if totals["ops_total"] != totals["flops"]:
        figures["OPs"] = totals["ops_total"]
    for name, count in figures.items():
        assert re.search(rf"^(?:- )?{name}:? +{grouped(count, units)}(?: |$)", text, re.MULTILINE), (name, count)
    for name, found in report["activations"].items():
        line = rf"activations, {name}:? +total {grouped(found['total_count'], units)} = .*"
        assert re.search(rf"{line}; peak {grouped(found['peak_count'], units)} = ", text)


@given(commands())
def test_figures_agree_in_every_format(asked: Asked) -> None:
    units = ("--units", asked.units)
    report = json.loads(printed(asked.model, *asked.weighed, "--format", "json"))
    totals = report["totals"]
    sentence = printed(asked.model, *asked.weighed, *asked.shown, *units, "-q").rstrip("\n")
    check_sentence(sentence, report, asked)
    for form in ("table", "markdown"):
        text = printed(asked.model, *asked.weighed, *asked.shown, *units, "--format", form)
        check_totals(text, report, asked.units)
        assert " ".join(text.replace("\\", "").split()).endswith(sentence)
    page = printed(asked.model, *asked.weighed, *asked.shown, *units, "--format", "html")
    assert sentence in html.unescape(page)
    total_row = re.findall(r"<th[^>]*>([^<]*)</th>", page)
    for key in ("params", "macs"):
        if "--columns" not in asked.shown or key in asked.shown[asked.shown.index("--columns") + 1].split(","):
            assert grouped(totals[key], asked.units) in total_row
    rows = list(csv.DictReader(io.StringIO(printed(asked.model, *asked.weighed, "--format", "csv"))))
    for key in ("params", "params_no_bias", "macs", "flops", "ops_total", "model_size_bytes", "bytes_read"):
        assert sum(int(row[key]) for row in rows) == sum(row[key] for row in report["layers"]) == totals[key]
    assert totals["trainable_params"] + totals["frozen_params"] == totals["params"]
