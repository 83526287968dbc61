"""A whole training: what it says, what it keeps, and that going on is as if it had never stopped."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, log_loss, top_k_accuracy_score

import netweight
from netweight import build, progress
from netweight.cli.main import run as command
from netweight.errors import DivergedError, FormatError, NetweightError, UsageError
from netweight.training import metrics
from netweight.training.checkpoint import Checkpoint, load, save

MLP = "mlp:widths=64-12-10"


def _small(x: build.Symbol) -> build.Symbol:
    """Everything that a step keeps: batch normalisation, dropout, a convolution."""
    x = build.conv2d(x, 4, kernel_size=3, stride=2, padding=1, bias=False, name="conv")
    x = build.relu(build.batch_norm(x, name="bn"))
    x = build.dropout(build.flatten(x), 0.2)
    return build.linear(x, 10, name="fc")


def _written(folder: Path) -> Path:
    """A network in a file, which is in training mode while it is trained."""
    path = folder / "net.py"
    path.write_text(
        "import torch\n"
        "class Net(torch.nn.Sequential):\n"
        "    def __init__(self):\n"
        "        torch.manual_seed(0)\n"
        "        nn = torch.nn\n"
        "        super().__init__(nn.Conv2d(1, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),\n"
        "                         nn.Dropout(0.2), nn.Linear(64, 10))\n"
    )
    return path


def _arrays(folder: Path, name: str) -> dict[str, Any]:
    found = load(folder / name)
    return {**found.weights, **{f"optimizer/{n}": a for n, a in found.states.items()}}


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam", "adamw"])
def test_to_go_on_is_as_never_to_have_stopped(optimizer: str, tmp_path: Path) -> None:
    """Bit by bit, with batch normalisation, dropout, a schedule, a clipped norm and changed pictures."""
    model = f"{_written(tmp_path)}:Net"
    given: dict[str, Any] = {
        "optimizer": optimizer, "schedule": "step:2:0.5", "augment": ["shift:1", "mixup"], "clip_norm": 1.0,
        "batch": 64, "accumulate": 2, "size": (1, 8, 8), "seed": 5,
    }  # fmt: skip
    whole = netweight.train(model, epochs=3, output=tmp_path / "whole", **given)
    netweight.train(model, epochs=1, output=tmp_path / "parts", **given)
    parts = netweight.train(model, epochs=3, output=tmp_path / "parts", resume=True, **given)
    assert [(e.loss, e.accuracy, e.validation_loss, e.lr) for e in parts.epochs] == [
        (e.loss, e.accuracy, e.validation_loss, e.lr) for e in whole.epochs
    ]
    for name in ("last.safetensors", "best.safetensors"):
        mine, other = _arrays(tmp_path / "parts", name), _arrays(tmp_path / "whole", name)
        assert mine.keys() == other.keys()
        assert all((mine[n] == other[n]).all() for n in mine), name
    assert parts.test is not None
    assert parts.test == whole.test


def test_a_folder_is_a_training(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = netweight.train(MLP, epochs=2, output=out)
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[1]["loss"] == done.epochs[1].loss
    assert (out / "curves.svg").read_text() == done.to_svg()
    record = load(out / "last.safetensors").record
    assert (record["model"], record["epoch"], record["data"]) == (MLP, 2, "digits")
    with pytest.raises(UsageError, match="a folder without a training"):
        netweight.train(MLP, epochs=2, output=out)
    with pytest.raises(UsageError, match="the training that is in the folder, got another") as caught:
        netweight.train(MLP, epochs=3, batch=16, output=out, resume=True)
    assert "batch was 32, and is 16" in caught.value.why
    with pytest.raises(UsageError, match="the training that is in the folder") as caught:
        netweight.train("mlp:widths=64-13-10", epochs=3, output=out, resume=True)
    assert "model was" in caught.value.why


def test_weights_of_a_training_are_weights_of_run_and_export(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = netweight.train(MLP, epochs=2, output=out)
    x = np.linspace(-1, 1, 64, dtype=np.float32)[None]
    best = out / "best.safetensors"
    ran = netweight.run(MLP, x, weights=best)
    (y,) = ran.outputs.values()
    (other,) = netweight.run(netweight.capture(MLP), x, weights=done.weights).outputs.values()
    np.testing.assert_array_equal(y, other)
    netweight.export(MLP, tmp_path / "m.onnx", weights=best)
    (third,) = netweight.run(tmp_path / "m.onnx", x).outputs.values()
    np.testing.assert_allclose(third, y, rtol=1e-5)
    with pytest.raises(UsageError, match="expected the weights of lenet5") as caught:
        netweight.run("lenet5", weights=best)
    assert "C1.weight is missing" in caught.value.why
    assert caught.value.fix == f"it is a checkpoint of {MLP}"
    wide = "mlp:widths=64-13-10"
    with pytest.raises(UsageError) as caught:
        netweight.run(wide, weights=best)
    assert "is [12, 64] there and [13, 64] here" in caught.value.why


def test_a_checkpoint_that_is_none(tmp_path: Path) -> None:
    out = tmp_path / "run"
    netweight.train(MLP, epochs=1, output=out)
    good = (out / "last.safetensors").read_bytes()
    bad = tmp_path / "bad.safetensors"
    for content in (b"", good[: len(good) // 2], b"\xff" * 8 + good[8:], b"PK\x03\x04", good[:200]):
        bad.write_bytes(content)
        with pytest.raises(FormatError, match="a safetensors file"):
            netweight.run(MLP, weights=bad)
    bad.write_bytes(good.replace(b'\\"format\\": 1', b'\\"format\\": 7'))
    with pytest.raises(FormatError, match=r"expected format 1 .*, got 7"):
        netweight.run(MLP, weights=bad)
    with pytest.raises(FormatError):
        netweight.run(MLP, weights=tmp_path / "none.safetensors")


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "run"
    netweight.train(MLP, epochs=1, output=out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("netweight.files.os.fsync", full)
    with pytest.raises(UsageError, match="No space left on device"):
        netweight.train(MLP, epochs=2, output=out, resume=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_loss_that_is_no_number_says_where_it_arose(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match=r"got none in epoch \d, batch \d+") as caught:
        netweight.train("mlp:widths=64-12-10", epochs=4, lr=1e30, optimizer="sgd", output=out)
    assert "since the update before" in caught.value.why or "it arose in" in caught.value.why
    graph = build.graph(lambda x: build.log(build.linear(x, 10, name="fc")), (32, 64))
    with np.errstate(all="ignore"), pytest.raises(DivergedError) as caught:
        netweight.train(graph, epochs=1)
    assert caught.value.why == "it arose in log (log)"


def test_a_learning_rate_that_is_too_high_is_said() -> None:
    done = netweight.train(MLP, epochs=1, lr=30.0, optimizer="sgd")
    assert any("the learning rate may be too high" in note for note in done.notes)
    assert not any("too high" in note for note in netweight.train(MLP, epochs=4).notes)


def test_an_operator_without_a_gradient_is_named_before_the_first_step() -> None:
    class Counted(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = torch.nn.Linear(64, 10), torch.nn.Linear(10, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.a(x.flatten(1))
            return torch.histc(x, 10, -1, 1) * self.b(x)

    steps: list[Any] = []
    with pytest.raises(NetweightError, match="operators with a gradient") as caught:
        netweight.train(Counted(), size=(1, 8, 8), epochs=1, told=lambda *one: steps.append(one))
    assert "histc" in str(caught.value)
    assert not steps


def test_a_graph_trains_with_the_batch_that_it_has() -> None:
    graph = build.graph(_small, (48, 1, 8, 8), training=True)
    done = netweight.train(graph, epochs=2, optimizer="adam")
    assert done.recipe["batch"] == 48
    assert done.epochs[1].loss < done.epochs[0].loss
    assert done.test is not None
    assert done.test.images == 359


def test_what_is_frozen_costs_no_backward() -> None:
    all_of_it = netweight.train(MLP, epochs=1)
    head = netweight.train(MLP, epochs=1, freeze=["fc1"] if "fc1.weight" in all_of_it.weights else ["*1.*", "*0.*"])
    assert head.cost.trained_params < all_of_it.cost.trained_params
    assert head.cost.step_macs < all_of_it.cost.step_macs


def test_metrics_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(200, 7)), rng.integers(0, 7, 200)
    assert (metrics.confusion(scores, labels) == confusion_matrix(labels, scores.argmax(1), labels=range(7))).all()
    for k in (1, 3, 5):
        other = top_k_accuracy_score(labels, scores, k=k, labels=range(7))
        assert metrics.top(scores, labels, k) == pytest.approx(other)
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    assert metrics.cross_entropy(scores, labels) == pytest.approx(log_loss(labels, shares, labels=range(7)))


def test_equal_scores_rank_by_class_and_what_is_no_number_comes_last() -> None:
    scores = np.array([[1.0, 1, 1], [np.nan, 0, 0], [2, np.nan, 1]])
    assert metrics.ranks(scores, np.array([1, 0, 2])).tolist() == [1, 3, 1]
    assert metrics.top(scores, np.array([0, 1, 0]), 1) == 1
    assert metrics.top(scores[:1], np.array([2]), 5) == 1  # more than there are classes


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epochs": 0}, "epochs: expected at least 1"),
        ({"batch": -3}, "batch: expected at least 1"),
        ({"optimizer": "adma"}, "did you mean adam"),
        ({"lr": float("nan")}, "lr: expected a number"),
        ({"lr": -1.0}, "from 0 on"),
        ({"lr": 0}, "above 0, got 0, which trains nothing"),
        ({"momentum": 1.0, "optimizer": "momentum"}, "from 0 to below 1"),
        ({"nesterov": True}, "expected the optimizer momentum"),
        ({"schedule": "cosin"}, "did you mean cosine"),
        ({"schedule": "step:0:0.1"}, "numbers as in step:10:0.1"),
        ({"schedule": "cosine:x"}, "numbers as in cosine:0"),
        ({"warmup": -1.0}, "warmup: expected epochs"),
        ({"loss": "l1"}, "no loss is called 'l1'|loss"),
        ({"label_smoothing": 1.0}, "from 0 to below 1"),
        ({"loss_weights": [1.0, 0.3]}, "a weight for each of the 1 outputs"),
        ({"clip_norm": 0.0}, "above 0"),
        ({"accumulate": 0}, "accumulate: expected at least 1"),
        ({"freeze": ["conv9"]}, "parameter"),
        ({"freeze": ["*"]}, "parameters that are not frozen, got none"),
        ({"lr_of": {"conv9": 0.1}}, "parameter"),
        ({"augment": ["flop"]}, "did you mean flip"),
        ({"fractions": [0.5, 0.1, 0.1]}, "add up to 1"),
        ({"data": "nowhere"}, "a folder or file that is there"),
        ({"resume": True}, "expected the folder of a training"),
        ({"weights": "nowhere.safetensors"}, "a checkpoint"),
    ],
)
def test_what_no_training_takes(given: dict[str, Any], said: str) -> None:
    with pytest.raises(NetweightError) as caught:
        netweight.train(MLP, **given)
    assert re.search(said, str(caught.value)), str(caught.value)


def test_networks_that_do_not_fit_the_pictures() -> None:
    with pytest.raises(UsageError, match="one score for each of 10 classes, got an output"):
        netweight.train("mlp:widths=64-5-3")
    with pytest.raises(NetweightError, match="pictures of 12 numbers, as the network takes, got 64"):
        netweight.train("mlp:widths=12-10")


def test_the_command_prints_a_line_per_epoch_and_what_it_costs(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["train", MLP, "--epochs", "2", "--seed", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "epoch"
    assert [line.split()[0] for line in lines[1:3]] == ["1", "2"]
    ends = [[one.end() for one in re.finditer(r"\S+( %| loss)?", line)] for line in lines[:3]]
    assert ends[0] == ends[1] == ends[2]  # titles and numbers below each other
    assert any(line.startswith("cost: mlp at 1x64 fp32: 910 params") for line in lines)
    assert re.search(r"test accuracy \d+\.\d\d % \(\d+ of 359\), top-5", lines[-1])


def test_the_command_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        command(["train", MLP, "--epochs", "2", "--format", "json", "--optimizer", "momentum", "--lr-of", "*=0.5"]) == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "netweight/training-run/1"
    assert [row["epoch"] for row in found["epochs"]] == [1, 2]
    assert found["recipe"]["factors"] == [["*", 0.5]]
    assert found["cost"]["macs"] == 64 * 12 + 12 * 10
    assert sum(map(sum, found["test"]["confusion"])) == found["pictures"]["test"] == 359


@pytest.mark.parametrize("after_s", [0.1, 0.7, 1.3])
def test_what_is_killed_loses_at_most_the_epoch(after_s: float, tmp_path: Path) -> None:
    """Whenever it is killed, the folder has whole files of an epoch, and the training goes on from there."""
    out = tmp_path / "run"
    code = f"import netweight; netweight.train({MLP!r}, epochs=500, output={str(out)!r})"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (out / "log.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
    epoch = load(out / "last.safetensors").record["epoch"]
    assert epoch >= 1
    again = netweight.train(MLP, epochs=500, output=out, resume=True, told=_stop_after(2))
    assert len(again.epochs) == epoch + 2
    assert again.interrupted


def _stop_after(count: int) -> Any:
    seen = []

    def told(epoch: Any, _of: int) -> None:
        seen.append(epoch)
        if len(seen) == count:
            raise KeyboardInterrupt

    return told


def test_an_interrupt_gives_what_was_trained_until_then() -> None:
    done = netweight.train(MLP, epochs=50, told=_stop_after(3))
    assert done.interrupted
    assert len(done.epochs) == 3
    assert done.test is not None
    assert "(interrupted)" in str(done)


def test_evaluate_is_what_the_training_said_and_what_the_scores_are(tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "run"
    done = netweight.train(MLP, epochs=3, output=out, seed=2)
    best = out / "best.safetensors"
    found = netweight.evaluate(checkpoint=best)
    assert done.test is not None
    assert (found.right, found.top5, found.confusion) == (done.test.right, done.test.top5, done.test.confusion)
    whole = netweight.evaluate(checkpoint=best, part="all")
    assert whole.images == 1797
    assert sum(one.images for one in whole.classes) == 1797
    for at, one in enumerate(found.classes):
        assert one.recall == one.right / sum(found.confusion[at])
        assert one.said == sum(row[at] for row in found.confusion)
        assert one.precision == (one.right / one.said if one.said else None)
    targets = [tmp_path / f"e{end}" for end in (".json", ".csv", ".md", ".svg", ".txt")]
    assert command(["evaluate", str(best), *(part for path in targets for part in ("-o", str(path)))]) == 0
    assert f"top-1 {100 * found.top1:.2f} % ({found.right} of 359)" in capsys.readouterr().out
    texts = [path.read_text() for path in targets]
    assert json.loads(texts[0])["right"] == found.right
    assert [line.split(",")[2] for line in texts[1].splitlines()[1:]] == [str(one.right) for one in found.classes]
    assert texts[2].startswith("| class | images")
    assert texts[3] == found.to_svg()


def test_evaluate_refuses_other_classes_and_empty_parts(tmp_path: Path) -> None:
    out = tmp_path / "run"
    netweight.train(MLP, epochs=1, output=out, fractions=(0.8, 0.2, 0.0))
    best = out / "best.safetensors"
    with pytest.raises(UsageError, match="expected pictures in test, got none"):
        netweight.evaluate(checkpoint=best)
    with pytest.raises(UsageError, match="the 10 classes that the network was trained on, got 3"):
        netweight.evaluate(checkpoint=best, data=(np.zeros((9, 8, 8)), np.arange(9) % 3))
    with pytest.raises(UsageError, match="did you mean test"):
        netweight.evaluate(checkpoint=best, part="tets")


def test_a_function_of_a_symbol_trains_in_both_modes() -> None:
    """While it is used, batch normalisation has its running statistics: one picture alone has the same scores."""
    done = netweight.train(_small, size=(1, 8, 8), epochs=2, seed=1)
    assert done.test is not None
    assert done.test.top1 > 0.3
    alone = build.graph(_small, (1, 1, 8, 8))
    several = build.graph(_small, (3, 1, 8, 8))
    x = np.random.default_rng(0).normal(size=(3, 1, 8, 8)).astype(np.float32)
    (first,) = netweight.run(alone, x[:1], done.weights).outputs.values()
    (found,) = netweight.run(several, x, done.weights).outputs.values()
    np.testing.assert_allclose(first, found[:1], rtol=1e-5)
    with pytest.raises(UsageError, match="channels, height and width beside a function"):
        netweight.train(_small)


def test_a_checkpoint_without_what_the_optimiser_keeps(tmp_path: Path) -> None:
    out = tmp_path / "run"
    netweight.train(MLP, epochs=1, output=out)
    kept = load(out / "last.safetensors")
    name = next(iter(kept.states))
    save(
        out / "last.safetensors", Checkpoint(weights=kept.weights, states={name: kept.states[name]}, record=kept.record)
    )
    with pytest.raises(FormatError, match="what the optimizer keeps of"):
        netweight.train(MLP, epochs=2, output=out, resume=True)


def test_what_is_shown_while_it_trains() -> None:
    """How far, the loss, the accuracy, the speed, and the time that is left; curves after each epoch."""
    heard: list[str] = []

    class Listener:
        def begin(self, what: str) -> None:
            pass

        def step(self, what: str) -> None:
            heard.append(what)

        def end(self) -> None:
            pass

    with progress.told_to(Listener()):
        netweight.train(MLP, epochs=2)
    form = r"epoch 2 of 2, loss \d\.\d{4}, \d+\.\d % right, [\d,]+ images/s, \d+ s left, 40 of 40"
    assert any(re.fullmatch(form, line) for line in heard), heard[-3:]
