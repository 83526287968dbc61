"""What a text that names a model means; no framework is needed to say."""

import pytest

from netweight.errors import UsageError
from netweight.sources.extras import cure, first_line, root_of
from netweight.sources.names import Reference, parse_reference

BUILT_IN = ("alexnet", "mlp", "resnet50-v1", "torch")


@pytest.mark.parametrize(
    ("text", "kind", "place", "name", "options"),
    [
        ("alexnet", "built-in", "alexnet", "", {}),
        ("alexnet:num_classes=10", "built-in", "alexnet", "", {"num_classes": 10}),
        ("resnet50-v1", "built-in", "resnet50-v1", "", {}),
        ("mlp:widths=5-3-2,bias=false,activation=tanh", "built-in", "mlp", "", {
            "widths": (5, 3, 2), "bias": False, "activation": "tanh",
        }),
        ("alexnt", "built-in", "alexnt", "", {}),
        ("alexnt:num_classes=10", "built-in", "alexnt", "", {"num_classes": 10}),
        ("a.json", "stored", "a.json", "", {}),
        ("runs/a", "stored", "runs/a", "", {}),
        ("runs:lr=1/a.json", "stored", "runs:lr=1/a.json", "", {}),
        ("net.onnx", "onnx", "net.onnx", "", {}),
        ("some/where:x=1/Net.ONNX", "onnx", "some/where:x=1/Net.ONNX", "", {}),
        ("net.py:Net", "file", "net.py", "Net", {}),
        ("some/where/net.py:Net.small", "file", "some/where/net.py", "Net.small", {}),
        ("net.py:Net:width=0.5,path=a/b,name=layer-norm", "file", "net.py", "Net", {
            "width": 0.5, "path": "a/b", "name": "layer-norm",
        }),
        ("alexnet.py:make", "file", "alexnet.py", "make", {}),
        ("net:Net", "module", "net", "Net", {}),
        ("package.net:Net.small", "module", "package.net", "Net.small", {}),
        ("package.net:Net:eps=1e-5,decay=none", "module", "package.net", "Net", {"eps": 1e-5, "decay": None}),
        ("alexnt:make", "module", "alexnt", "make", {}),
        ("torchvision:resnet50", "package", "torchvision", "resnet50", {}),
        ("timm:vit_base.augreg_in21k:img_size=384", "package", "timm", "vit_base.augreg_in21k", {"img_size": 384}),
        ("hf:some/where/config.json", "package", "hf", "some/where/config.json", {}),
        ("hf:config.json:num_hidden_layers=2", "package", "hf", "config.json", {"num_hidden_layers": 2}),
    ],
)  # fmt: skip
def test_references(text: str, kind: str, place: str, name: str, options: dict[str, object]) -> None:
    found = parse_reference(text, BUILT_IN)
    assert (found.kind, found.place, found.name, found.options) == (kind, place, name, options)


def test_a_reference_reads_as_it_is_written() -> None:
    assert str(Reference(kind="module", place="a.b", name="Net")) == "a.b:Net"
    assert str(Reference(kind="stored", place="a.json")) == "a.json"


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("alexnet:make", "expected options as NAME=VALUE, got 'make'", "alexnet.py:make if a Python file is meant"),
        ("net.py", "expected FILE.py:NAME, got 'net.py' and the name ''", "net.py:NAME, where NAME is a module"),
        ("net.py:a b", "expected FILE.py:NAME, got 'net.py' and the name 'a b'", "net.py:NAME"),
        ("net:Net:width=1,depth", "expected options as NAME=VALUE, got 'depth'", ""),
    ],
)
def test_what_is_no_reference(text: str, message: str, fix: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        parse_reference(text, BUILT_IN)
    assert fix in raised.value.fix


def test_an_error_in_one_line() -> None:
    assert first_line(ValueError("  one\ntwo")) == "ValueError: one"
    assert first_line(ValueError()) == "ValueError"


def test_the_first_of_several_errors() -> None:
    error = ImportError("could not import")
    error.__cause__ = RuntimeError("the reason")
    assert str(root_of(error)) == "the reason"


def test_cures() -> None:
    assert "torchvision was built for another PyTorch" in cure("timm", "operator torchvision::nms does not exist")
    assert cure("timm", "anything") == (
        "pip install --force-reinstall timm; python -c 'import timm' shows all of the error"
    )
