"""What to do about an error: keywords where Python shows it, flags where the command does."""

import pytest

import netweight
from netweight.cli.main import run
from netweight.errors import NetweightError
from netweight.spelling import in_python


@pytest.mark.parametrize(
    ("flags", "keywords", "shown"),
    [
        (["--freeze", "conv*"], {"freeze": "conv*"}, ("training=True", "--training")),
        (["--past", "3"], {"past": 3}, ("decode=True", "--decode")),
        (["--input", "3x32x32"], {"inputs": (3, 32, 32)}, ("inputs=(1, 3, 32, 32): the", "--input 1x3x32x32")),
        (["--input", "1x1x32x32:f16"], {"inputs": netweight.TensorSpec((1, 1, 32, 32), "float16")},
         ("bits=16 has weights", "--bits 16 has weights")),
        (["--method", "encode"], {"method": "encode"},
         ("give a torch.nn.Module beside method=", "FILE.py:CLASS --method")),
        (["--decode"], {"decode": True}, ("give a torch.nn.Module beside decode=", "FILE.py:CLASS --decode")),
        (["--dim", "n=2"], {"dims": {"n": 2}}, ("inputs= or batch=", "--input or --batch")),
    ],
)  # fmt: skip
def test_each_speaks_its_own_language(
    flags: list[str], keywords: dict[str, object], shown: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    python, command = shown
    with pytest.raises(NetweightError) as raised:
        netweight.weigh("lenet5", **keywords)  # type: ignore[arg-type]
    assert python in str(raised.value)
    assert " --" not in str(raised.value)
    assert run(["lenet5", *flags]) == 2
    printed = capsys.readouterr().err
    assert command in printed
    assert python not in printed


@pytest.mark.parametrize(
    ("flags", "keywords"),
    [
        ("--input x:1x3x8x8:f16", "inputs={'x': TensorSpec((1, 3, 8, 8), 'float16')}"),
        ("--input 1x3x8x8 --input 1x16:i64", "inputs=((1, 3, 8, 8), TensorSpec((1, 16), 'int64'))"),
        ("--input t:scalar", "inputs={'t': TensorSpec((), 'float32')}"),
        ("--input 'n:1x2': the batch comes first", "inputs={'n': (1, 2)}: the batch comes first"),
        ("--dim n=1 --dim h=32", "dims={'n': 1, 'h': 32}"),
        ("--batch 4", "batch=4"),
        ("--input x:SHAPE --input y:SHAPE", "--input x:SHAPE --input y:SHAPE"),
        ("did you mean alexnet?", "did you mean alexnet?"),
    ],
)
def test_flags_as_arguments(flags: str, keywords: str) -> None:
    assert in_python(flags) == keywords


def test_sizes_in_a_text_have_a_batch_in_the_answer() -> None:
    for given, fits in (("3x224x224", (1, 3, 224, 224)), ("1x3x224x224", (1, 3, 224, 224))):
        with pytest.raises(NetweightError) as raised:
            netweight.weigh("alexnet", inputs=given)
        assert raised.value.fix == f"inputs={fits}"
