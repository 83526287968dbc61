"""Layers of a file are called by the modules that its exporter wrote down."""

import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper  # noqa: E402

from netweight.sources.onnx import read_graph  # noqa: E402
from netweight.sources.onnx.naming import CLASSES, SCOPES, is_made_up, layers_of_path  # noqa: E402

SHAPE = (1, 4, 6, 6)


def chain(*calls, metadata=(), weights=()):
    """A network of calls one after the other: (operator, name of the node, its weights ...)."""
    nodes, before = [], "x"
    for at, (op, name, *reads) in enumerate(calls):
        node = helper.make_node(op, [before, *reads], [f"t{at}"], name=name)
        for key, value in (metadata[at] if at < len(metadata) else {}).items():
            node.metadata_props.add(key=key, value=value)
        nodes.append(node)
        before = f"t{at}"
    stored = [helper.make_tensor(w, TensorProto.FLOAT, s, [0.5] * _size(s)) for w, s in weights]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in ("x", before))
    return helper.make_model(helper.make_graph(nodes, "chain", [x], [y], stored))


def _size(shape):
    return shape[0] * _size(shape[1:]) if shape else 1


def layers(model):
    return [node.layer for node in read_graph(model).graph.nodes]


def test_scopes_in_node_names():
    calls = [("Relu", "/layer1/layer1.0/act/Relu"), ("Abs", "/layer1/layer1.0/Abs"), ("Neg", "/layer1/layer1.0/Neg")]
    assert layers(chain(*calls)) == ["layer1.0.act", "layer1.0.abs", "layer1.0.neg"]


def test_equal_operators_of_a_module_are_numbered():
    assert layers(chain(("Abs", "/a/Abs"), ("Abs", "/a/Abs_1"))) == ["a.abs", "a.abs_1"]


def test_names_that_are_no_scopes_stay():
    assert layers(chain(("Abs", "block/first"), ("Abs", "second"), ("Abs", ""))) == ["block.first", "second", "abs"]


@pytest.mark.parametrize("name", ["/a" * 50_000, "a." * 50_000])
def test_a_name_deeper_than_any_network_is_none(name):
    assert layers(chain(("Relu", name))) == ["relu"]


def test_a_module_called_again_has_its_layers_again():
    calls = [("Relu", "/b/act/Relu"), ("Neg", "/b/Neg"), ("Relu", "/b_1/act/Relu"), ("Neg", "/b_1/Neg")]
    assert layers(chain(*calls)) == ["b.act", "b.neg", "b.act", "b.neg"]


def test_a_module_inside_one_that_is_called_again():
    calls = [("Relu", f"/{block}/{act}/Relu") for block in ("b", "b_1") for act in ("act", "act_1")]
    assert layers(chain(*calls)) == ["b.act"] * 4


def test_a_number_in_a_name_is_a_name_where_operators_differ():
    assert layers(chain(("Relu", "/act/Relu"), ("Abs", "/act_1/Abs"))) == ["act", "act_1"]


def test_a_number_in_a_name_is_a_name_where_weights_differ():
    calls = [("Conv", "/conv/Conv", "conv.weight"), ("Conv", "/conv_1/Conv", "conv_1.weight")]
    weights = [("conv.weight", (4, 4, 1, 1)), ("conv_1.weight", (4, 4, 1, 1))]
    assert layers(chain(*calls, weights=weights)) == ["conv", "conv_1"]
    assert layers(chain(calls[0], ("Conv", "/conv_1/Conv", "conv.weight"), weights=weights)) == ["conv", "conv"]


def test_scopes_in_metadata():
    metadata = [
        {
            SCOPES: "['', 'net', 'net.act', 'relu']",
            CLASSES: "['m.Net', 'm.Part', 'torch.nn.modules.activation.ReLU', 'a']",
        }
    ] * 2
    model = chain(("Relu", "node_relu"), ("Relu", "node_relu_1"), metadata=metadata)
    assert layers(model) == ["net.act", "net.act"]
    assert dict(read_graph(model).graph.modules) == {"net": "Part", "net.act": "ReLU"}


def test_modules_of_others_may_do_a_thing_twice():
    metadata = [{SCOPES: "['', 'act', 'relu']", CLASSES: "['m.Net', 'm.Twice', 'a']"}] * 2
    assert layers(chain(("Relu", "r"), ("Relu", "s"), metadata=metadata)) == ["act.relu", "act.relu_1"]


@pytest.mark.parametrize("text", ["[", "17", "['a'", "(" * 500, "['', 3]"])
def test_metadata_that_is_none(text):
    assert layers(chain(("Relu", "/act/Relu"), metadata=[{SCOPES: text}]))


def test_paths_of_nodes():
    assert layers_of_path("/layer1/layer1.0/conv1/Conv")[:2] == ["layer1.0.conv1.conv", "layer1.0.conv1"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/layers.0/self_attn/Constant_21_output_0", True),
        ("val_68", True),
        ("onnx::Mul_123", True),
        ("17", True),
        ("const_fold_opt__8", True),
        ("layers.0.alpha", False),
        ("logit_scale", False),
        ("gate_1", False),
    ],
)
def test_names_that_exporters_make_up(name, expected):
    assert is_made_up(name) == expected


@pytest.mark.parametrize(("name", "params"), [("alpha", 1), ("val_3", 0), ("onnx::Mul_3", 0)])
def test_one_number_is_a_parameter_if_the_model_calls_it_so(name, params):
    graph = read_graph(chain(("Mul", "/Mul", name), weights=[(name, (1,))])).graph
    assert sum(value.kind == "parameter" for value in graph.values.values()) == params


def test_one_number_that_is_a_weight_stays_one():
    """A convolution from 4 channels to 1 has a bias of one number, whatever it is called."""
    calls = [("Conv", "/c/Conv", "val_1", "val_2")]
    graph = read_graph(chain(*calls, weights=[("val_1", (1, 4, 1, 1)), ("val_2", (1,))])).graph
    assert sum(value.spec.numel for value in graph.values.values() if value.kind == "parameter") == 5
