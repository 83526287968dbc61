"""Every word is explained in full: its arithmetic holds, its command shows what it says, its page is there."""

import ast
import math
import operator
import re
import runpy
import shlex
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from netweight import explain, zoo
from netweight.cli.main import run
from netweight.errors import UnknownNameError
from netweight.report.terms import find_term, list_of_terms, term, terms

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS: Mapping[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg,
}  # fmt: skip
FUNCTIONS = {
    name: getattr(math, name) for name in ("floor", "ceil", "sqrt", "exp", "log", "log2", "erf")
} | {"max": max, "min": min, "round": round}  # fmt: skip

WORDS = """
padding stride kernel convolution depthwise pointwise dilation groups transposed pooling relu dropout softmax
embedding attention lstm residual gemm im2col winograd quantization bits pruning sparsity weights convention
latency throughput roofline energy top-1 top-5 top5 fine-tuning epoch batch backward gradient checkpointing
conv batch_norm layer_norm adam sgd momentum rmsprop adamw augmentation parameters macs flops ops peak traffic
activation matmul kernel_size bias fc linear sigmoid tanh swish hardswish gelu lrn unet vit rope gru moe
softplus bandwidth sram dram fp16 bf16 int8 fp8 cutmix mixup xavier lora prefill decode gqa mqa swiglu
inception densenet
"""
PHRASES = (
    "activation function", "batch normalisation", "layer normalisation", "instance normalisation", "rms norm",
    "group normalisation", "per-group scales", "arithmetic intensity", "transfer learning", "label smoothing",
    "receptive field", "model size", "peak memory", "KV cache", "mixture of experts", "data augmentation",
    "weight sharing", "translation invariance", "local connectivity", "global average pooling", "skip connection",
    "vanishing gradient", "1x1 bottleneck", "patch-based inference", "capsule nets", "auxiliary classifier",
)  # fmt: skip


def value_of(text: str) -> float:
    """Value of an arithmetic expression of numbers and the functions above."""
    return float(_value(ast.parse(text.strip(), mode="eval").body))


def _value(node: ast.AST) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATIONS[type(op)](_value(left), _value(right))
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATIONS[type(op)](_value(operand))
        case ast.Call(func=ast.Name(id=name), args=args):
            return FUNCTIONS[name](*map(_value, args))
    raise ValueError(ast.dump(node))


def equations(example: str) -> list[list[str]]:
    """The sides of each equation behind the colon."""
    _, colon, rest = example.rpartition(": ")
    return [part.split(" = ") for part in (rest if colon else example).split("; ")]


@cache
def printed_by(command: str) -> str:
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        run(shlex.split(command)[1:])
    return out.getvalue()


@pytest.mark.parametrize("name", terms())
def test_the_arithmetic_of_an_example_holds(name: str) -> None:
    for sides in equations(terms()[name].example) if terms()[name].example else ():
        assert len(sides) > 1, sides
        for side in sides[1:]:
            number = side.replace(",", "") if re.fullmatch(r"-?[\d,.]+", side) else side
            digits = len(number.partition(".")[2]) if re.fullmatch(r"-?\d+\.\d+", number) else 9
            assert value_of(sides[0]) == pytest.approx(value_of(number), abs=0.5000001 * 10**-digits, rel=1e-12)


@pytest.mark.parametrize("name", [name for name, found in terms().items() if found.run])
def test_a_command_shows_what_is_said(name: str) -> None:
    found = terms()[name]
    assert found.run.startswith("netweight ")
    assert found.shows
    assert found.shows in printed_by(found.run)


@pytest.mark.parametrize("name", terms())
def test_a_term_says_what_it_is_with_an_example_and_a_page(name: str) -> None:
    found = terms()[name]
    assert re.match(r"[a-z0-9A-Z].*\.$", found.meaning, re.DOTALL)
    assert "``" not in found.meaning
    code = re.fullmatch(r"E\d+", name)
    assert code or found.example or found.run
    assert code or found.see
    assert all(other in terms() for other in found.see)
    path, _, anchor = found.page.partition("#")
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not anchor or anchor in anchors(text)


def anchors(text: str) -> set[str]:
    """Anchors of the headings of a page, as they are made for links."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("word", [*WORDS.split(), *PHRASES])
def test_words_of_the_field_are_terms(word: str) -> None:
    assert find_term(word) is not None
    assert str(explain(word)).startswith(f"{term(word).name}: ")


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("conv", "convolution"), ("BATCH_NORM", "batch normalisation"), ("weights", "params"), ("top5", "top-5"),
        ("MACs", "MAC"), ("kernels", "kernel"), ("fully connected", "linear layer"),
        ("1x1", "pointwise convolution"), ("optimiser", "optimizer state"), ("im2col", "im2col"), ("e103", "E103"),
        ("pool", "pooling"), ("normalization", "normalisation"), ("skip", "residual connection"),
        ("flops", "FLOP"), ("FLOPs", "FLOP"), ("GFLOPs", "FLOP"), ("flop/s", "FLOP/s"), ("GFLOP/s", "FLOP/s"),
        ("FLOPs/s", "FLOP/s"), ("ram", "peak"), ("int4", "quantization"),
    ],
)  # fmt: skip
def test_other_names(word: str, name: str) -> None:
    assert term(word).name == name


def test_no_name_is_given_twice() -> None:
    keys = [re.sub(r"[ _\-.]", "", name.lower()) for found in terms().values() for name in (found.name, *found.aliases)]
    assert sorted(keys) == sorted(set(keys))


def test_a_word_that_is_a_network_is_the_network() -> None:
    assert not set(terms()) & set(zoo.names())
    assert explain("mlp").model == "mlp"  # type: ignore[union-attr]


def test_unknown_words_are_answered_with_those_that_are_close() -> None:
    with pytest.raises(UnknownNameError) as caught:
        term("paddin")
    assert caught.value.fix.startswith("did you mean padding")


def test_explain_alone_lists_all_of_them() -> None:
    listed = printed_by("netweight explain")
    together = " ".join(listed.split())
    for subject, names in list_of_terms().subjects:
        assert f"\n  {subject}\n" in listed
        assert ", ".join(names) in together
    assert sum(len(names) for _, names in list_of_terms().subjects) == len(terms())
    assert max(map(len, listed.splitlines())) <= 100
    assert run(["explain"]) == 0


def test_the_page_of_terms_is_written_anew() -> None:
    """``scripts/terms-page`` writes it."""
    written = runpy.run_path(str(ROOT / "scripts" / "terms-page"))["page"]()
    assert (ROOT / "docs" / "terms.md").read_text(encoding="utf-8") == written
