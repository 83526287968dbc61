"""``torch-eager`` for models that people use: the storages that PyTorch really holds in a forward, to the byte.

Workspace that a kernel takes and gives back is in neither figure. PyTorch's fused encoder layer, which takes the place
of a layer in evaluation, is one such kernel: it is switched off, so that the layer runs as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from torch import nn

from eager import transformers_written_out as written
from eager.figures import held_in_forward
from netweight import weigh
from sources.torch import torchvision_shim

TORCHVISION = (
    "resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "densenet121", "googlenet", "squeezenet1_1",
    "shufflenet_v2_x0_5", "efficientnet_b0", "mnasnet0_5", "regnet_y_400mf",
)  # fmt: skip
WRITTEN: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...]]] = {
    "gpt": (written.Gpt, (written.ids(48),)),
    "llama": (written.Llama, (written.ids(48),)),
    "t5": (written.T5, (written.ids(48), written.ids(20))),
    "encoder": (written.encoder, (torch.zeros(2, 48, written.WIDTH),)),
    "encoder and decoder": (
        lambda: nn.Transformer(written.WIDTH, 4, 2, 2, 128, batch_first=True),
        (torch.zeros(2, 30, written.WIDTH), torch.zeros(2, 20, written.WIDTH)),
    ),
}
CONFIGURED: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("BertModel", {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}),
    "gpt2": ("GPT2LMHeadModel", {"n_embd": 64, "n_layer": 2, "n_head": 4}),
    "llama": ("LlamaForCausalLM", {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}),
}
HEADS = {"num_attention_heads": 4, "vocab_size": 100}


@pytest.fixture(autouse=True)
def _layers_run_as_they_are_written() -> Iterator[None]:
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    yield
    torch.backends.mha.set_fastpath_enabled(before)


def ours(module: nn.Module, inputs: tuple[Any, ...]) -> int:
    profile = weigh(module, inputs, conventions=("torch-eager",))
    assert profile.coverage.unknown == ()
    return profile.activations["torch-eager"].peak_bytes


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision(name: str) -> None:
    torchvision_shim.models()
    module = torchvision_shim.build(name).to_empty(device="cpu")
    inputs = (torch.zeros(2, 3, 64, 64),)
    assert ours(module, inputs) == held_in_forward(module, inputs)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WRITTEN)
def test_transformers_written_out(name: str) -> None:
    make, inputs = WRITTEN[name]
    module = make().eval()
    assert ours(module, inputs) == held_in_forward(module, inputs)


@pytest.mark.parametrize("name", CONFIGURED)
def test_transformers_of_the_library(name: str) -> None:
    if find_spec("torchvision") is not None:
        torchvision_shim.models()  # transformers imports it where it is installed
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    kind, settings = CONFIGURED[name]
    model = getattr(transformers, kind)
    module = model(model.config_class(**settings, **({} if name == "gpt2" else HEADS), use_cache=False)).eval()
    assert ours(module, (written.ids(16),)) == held_in_forward(module, (written.ids(16),))


def test_a_tensor_that_is_held_too_long_is_seen() -> None:
    """The comparison is of what is held: a list that keeps every result makes another figure, in both."""

    class Keeps(nn.Module):
        def __init__(self, *, keep: bool) -> None:
            super().__init__()
            self.keep = keep

        def forward(self, x: Any) -> Any:
            kept = []
            for _ in range(4):
                x = x + 1
                if self.keep:
                    kept.append(x)
            return x

    inputs = (torch.zeros(8),)
    found = [(ours(module, inputs), held_in_forward(module, inputs)) for module in map(_keeps(Keeps), (False, True))]
    assert found == [(3 * 32, 3 * 32), (5 * 32, 5 * 32)]


def _keeps(kind: Any) -> Callable[[bool], nn.Module]:
    return lambda keep: kind(keep=keep)
