"""Every column shows its own figure, sums it and sorts by it, in every format."""

import csv
import io
import json
from dataclasses import fields, replace

import pytest

from netweight import Profile, weigh
from netweight.errors import UnknownNameError, UsageError
from netweight.report.columns import COLUMNS, column_key
from netweight.report.html import to_html
from netweight.report.markdown import to_markdown
from netweight.report.summary import summary_line
from netweight.report.table import Options, table_of
from netweight.report.terminal import to_text
from netweight.results.profile import Coverage, LayerRow, UnknownOp

FIGURES = {
    "params": "params",
    "params_no_bias": "params_no_bias",
    "buffers": "buffers",
    "size": "model_size_bytes",
    "logical_params": "logical_params",
    "macs": "macs",
    "flops": "flops",
    "ops": "ops_total",
    "adds": "adds",
    "muls": "muls",
    "divs": "divs",
    "compares": "compares",
    "exps": "exps",
    "logs": "logs",
    "sqrts": "sqrts",
    "pows": "pows",
    "tanhs": "tanhs",
    "erfs": "erfs",
    "trigs": "trigs",
    "logics": "logics",
    "activations": "activation_count",
    "activation_bytes": "activation_bytes",
    "read": "bytes_read",
    "written": "bytes_written",
    "calls": "calls",
}
WORDS = {
    "layer": "here",
    "op": "conv",
    "kind": "a kind",
    "dtype": "float16",
    "weights": "int4 in int32",
    "input": "1x2, 3",
    "output": "4x5",
    "settings": "3x3 s2 g4",
}
IN_BYTES = ("size", "activation_bytes", "read", "written")
NUMBERS = {figure: 1000 + 7 * at for at, figure in enumerate(FIGURES.values())}


def row(**changed: object) -> LayerRow:
    """Every figure another number."""
    one = weigh("lenet5").layers[0]
    words = {"layer": "here", "op": "conv", "kind": "a kind", "dtype": "float16", "weight_dtype": "int4 in int32"}
    shapes = {"input_shapes": ((1, 2), (3,)), "output_shapes": ((4, 5),), "receptive_field": (6, 7)}
    shapes["settings"] = {"kernel_size": (3, 3), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "groups": 4}  # type: ignore[assignment]
    return replace(one, **{**words, **shapes, **NUMBERS, **changed})  # type: ignore[arg-type]


def profile(*rows: LayerRow) -> Profile:
    return replace(weigh("lenet5"), layers=rows, notes=())


def test_there_is_no_other_column() -> None:
    assert COLUMNS.keys() == FIGURES.keys() | WORDS.keys() | {"field", "share", "bar"}
    named = {*FIGURES.values(), "layer", "op", "kind", "dtype", "weight_dtype", "input_shapes", "output_shapes"}
    named |= {"receptive_field", "settings", "weight_shapes"}
    assert {f.name for f in fields(LayerRow)} == named


@pytest.mark.parametrize("key", FIGURES)
def test_a_column_shows_its_figure_and_the_sum(key: str) -> None:
    number = NUMBERS[FIGURES[key]]
    table = table_of(profile(row(), row(layer="there")), Options(columns=(key,), units="raw"))
    assert table.numeric == (False, True)
    assert table.lines == (("here", str(number)), ("there", str(number)))
    assert table.total == ("total", str(2 * number))
    shown = table_of(profile(row()), Options(columns=(key,))).lines[0][1]
    assert shown == (f"{number / 1000:.2f} kB" if key in IN_BYTES else f"{number:,}")


@pytest.mark.parametrize("key", WORDS)
def test_a_column_of_words_is_neither_summed_nor_sorted_by(key: str) -> None:
    table = table_of(profile(row()), Options(columns=("params", key)))
    at = table.keys.index(key)
    assert not table.numeric[at]
    assert table.lines[0][at] == WORDS[key]
    assert table.total[at] == ("total" if key == "layer" else "")
    with pytest.raises(ValueError, match=f"expected a numeric column, got '{key}'"):
        table_of(profile(row()), Options(sort=key))


def test_receptive_fields_are_sorted_by_their_area_and_not_summed() -> None:
    found = profile(row(layer="a"), row(layer="b", receptive_field=(1, 99)), row(layer="c", receptive_field=None))
    table = table_of(found, Options(columns=("field",), sort="rf"))
    assert table.lines == (("b", "1x99"), ("a", "6x7"), ("c", ""))  # 99 > 42
    assert table.total == ("total", "")


@pytest.mark.parametrize("key", FIGURES)
def test_sorting_looks_at_the_figure_of_the_column(key: str) -> None:
    """The second layer is larger in this figure alone."""
    found = profile(row(layer="first"), row(layer="second", **{FIGURES[key]: 9999}))
    order = {sort: table_of(found, Options(columns=(), sort=sort)).lines for sort in FIGURES}
    assert order.pop(key) == (("second",), ("first",))
    assert set(order.values()) == {(("first",), ("second",))}


@pytest.mark.parametrize("key", FIGURES)
def test_an_unknown_figure_is_no_zero(key: str) -> None:
    """Work and sizes can be unknown; each is a question mark, left out of the sum, and last when sorted."""
    figure = FIGURES[key]
    if "None" not in str(LayerRow.__annotations__[figure]):
        return
    found = profile(row(layer="unknown", **{figure: None}), row())
    table = table_of(found, Options(columns=(key,), sort=key, units="raw"))
    assert table.lines == (("here", str(NUMBERS[figure])), ("unknown", "?"))
    assert table.total == ("total", str(NUMBERS[figure]))


@pytest.mark.parametrize("key", FIGURES)
def test_formats_agree(key: str) -> None:
    found, options = profile(row()), Options(columns=(key,), units="raw")
    number = str(NUMBERS[FIGURES[key]])
    assert f'<td style="text-align:right">{number}</td>' in to_html(found, options)
    assert f"| here | {number} |" in to_markdown(found, options)
    assert any(line.split() == ["here", number] for line in to_text(found, options).splitlines())
    assert str(json.loads(found.to_json())["layers"][0][FIGURES[key]]) == number
    assert next(csv.DictReader(io.StringIO(found.to_csv())))[FIGURES[key]] == number


def heading(text: str) -> str:
    """Of the table."""
    return next(line for line in text.splitlines() if line.startswith("layer"))


@pytest.mark.parametrize("sort", [None, "read", "params"])
def test_the_column_that_is_sorted_by_stays_in_a_narrow_terminal(sort: str | None) -> None:
    options = Options(columns=("op", "macs", "params", "read"), sort=sort)
    head = heading(to_text(profile(row()), options, width=14))
    assert head.split() == ["layer", {None: "MACs", "read": "read", "params": "params"}[sort]]


@pytest.mark.parametrize(("nodes", "unknown", "text"), [(10_000, 1, "99.9"), (4, 1, "75.0"), (4, 0, "100")])
def test_coverage_is_not_rounded_up_to_everything(nodes: int, unknown: int, text: str) -> None:
    ops = tuple(UnknownOp(op="odd", layer=f"l{at}", count=1) for at in range(unknown))
    covered = Coverage(nodes=nodes, counted=nodes - unknown, free=0, unknown=ops, complete=not unknown)
    assert summary_line(replace(profile(row()), coverage=covered)).endswith(f"; {text} % of ops counted")


@pytest.mark.parametrize(
    ("stays", "leaves"),
    [
        ("macs", "params"), ("params", "flops"), ("flops", "ops"), ("ops", "params_no_bias"),
        ("params_no_bias", "size"), ("size", "output"), ("output", "op"), ("op", "settings"),
        ("settings", "activations"), ("activations", "activation_bytes"), ("activation_bytes", "written"),
        ("read", "kind"), ("kind", "dtype"), ("dtype", "input"), ("input", "field"),
    ],
)  # fmt: skip
def test_what_says_most_stays_longest_in_a_narrow_terminal(stays: str, leaves: str) -> None:
    """Between the width at which both are there and the one at which none is, one is there."""
    options, titles = Options(columns=(leaves, stays)), (COLUMNS[stays].title, COLUMNS[leaves].title)
    heads = [heading(to_text(profile(row()), options, width=width)) for width in range(60, 8, -1)]
    alone = [head.replace("layer", "").strip() for head in heads]
    assert {head for head in alone if head in titles} == {titles[0]}


def test_headings_are_names() -> None:
    assert {key: COLUMNS[key].title for key in COLUMNS if COLUMNS[key].title != key} == {
        "macs": "MACs",
        "flops": "FLOPs",
        "ops": "OPs",
        "share": "%",
        "bar": "",
    }


@pytest.mark.parametrize(
    ("name", "key"),
    [
        *((column.title, key) for key, column in COLUMNS.items() if column.title),
        *((figure, key) for key, figure in FIGURES.items()),
        ("rf", "field"), ("receptive_field", "field"), ("MACs", "macs"), ("Macs", "macs"), (" params ", "params"),
        ("Params-no-bias", "params_no_bias"), ("params no bias", "params_no_bias"), ("act. size", "activation_bytes"),
        ("percent", "share"), ("kernel", "settings"), ("output_shapes", "output"), ("weight_dtype", "weights"),
    ],
)  # fmt: skip
def test_a_column_goes_by_key_heading_and_the_name_in_json(name: str, key: str) -> None:
    assert column_key(name) == key
    assert table_of(profile(row()), Options(columns=(name,))).keys == (("layer",) if key == "layer" else ("layer", key))


@pytest.mark.parametrize("name", ["", "mac", "%%", "no_such"])
def test_other_names_are_no_columns(name: str) -> None:
    with pytest.raises(UnknownNameError, match="no column is called"):
        column_key(name)


def test_what_cannot_be_sorted_by_says_what_can() -> None:
    with pytest.raises(UsageError, match="expected a numeric column, got 'op'") as caught:
        table_of(profile(row()), Options(sort="op"))
    assert str(caught.value.fix).startswith("one of: field, params, params_no_bias, macs, share,")


def test_top_sums_the_rest() -> None:
    rows = [row(layer=name, params=number) for name, number in (("a", 1), ("b", 4), ("c", 2), ("d", 8))]
    assert table_of(profile(*rows), Options(columns=("params",), top=4)).lines[-1] == ("d", "8")
    table = table_of(profile(*rows), Options(columns=("params",), sort="params", top=2))
    assert table.lines == (("d", "8"), ("b", "4"), ("(2 more)", "3"))
    assert table.total == ("total", "15")
