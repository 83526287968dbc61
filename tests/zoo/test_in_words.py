"""What is said of a built-in network is what its function does."""

import pytest

from netweight import zoo
from netweight.ir.serial import graph_to_json
from netweight.sources.names import parse_options
from netweight.zoo.in_words import source_of, written
from netweight.zoo.table import ARCHITECTURES

FAMILIES = {entry.function: name for name, entry in ARCHITECTURES.items()}
"""One network of each function: the last, whose options differ most from the defaults."""


@pytest.mark.parametrize("name", FAMILIES.values())
def test_defaults_that_are_printed_make_the_network(name: str) -> None:
    options = {option.name: option.default for option in zoo.description(name).options}
    given = parse_options(",".join(f"{option}={default}" for option, default in options.items()))
    assert graph_to_json(zoo.make(name, **given)) == graph_to_json(zoo.make(name))


@pytest.mark.parametrize("name", zoo.names())
def test_every_option_has_a_sentence_and_every_network_its_input(name: str) -> None:
    found = zoo.description(name)
    assert [option.name for option in found.options if not option.about] == []
    graph = zoo.make(name)
    assert found.input == graph.spec(graph.inputs[0])
    assert bool(found.source) == (name != "shallow_cnn")


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1.0"), (True, "true"), (None, "none"), ((3, 4), "3-4"), ((0.5, 1), "0.5-1"), ("D", "D")]
)
def test_a_value_is_written_as_it_is_read(value: object, text: str) -> None:
    assert written(value) == text
    assert parse_options(f"x={text}") == {"x": value}


def test_the_source_of_a_module() -> None:
    assert source_of("About.\n\nMore.\n\nSource: A 2012, Table 2;\nB 2013.\n\nAnd so on.") == "A 2012, Table 2; B 2013."
    assert source_of("About.") == ""
