"""Memory of real networks beside what PyTorch holds: the forward's peak, what is kept for backward, a step's peak.

python benchmarks/training_truth.py            every network whose package is installed
python benchmarks/training_truth.py resnet     those whose name has that in it
python benchmarks/training_truth.py --quick    three that need PyTorch alone

The forward is compared under ``torch-eager`` without gradients, the step in training mode without an update. Storages
are counted while the network runs on the CPU; kernels' own workspaces are left out.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

import netweight  # noqa: E402
from eager.figures import held_in_forward  # noqa: E402
from eager.saved import kept_pieces  # noqa: E402
from eager.steps import step_peak  # noqa: E402

Made = tuple[nn.Module, tuple[Any, ...]]


class Outputs(nn.Module):
    """A network whose results are a tuple of tensors."""

    def __init__(self, network: nn.Module, *names: str, **settings: Any) -> None:
        super().__init__()
        self.network, self.names, self.settings = network, names, settings

    def forward(self, *given: Any) -> Any:
        named = dict(zip(self.names, given, strict=False)) if self.names else {}
        found = self.network(*(() if self.names else given), **named, **self.settings)
        return tuple(leaf for leaf in tree_leaves(found) if isinstance(leaf, torch.Tensor))


def timm_model(name: str, size: int = 64) -> Callable[[], Made]:
    def make() -> Made:
        network = importlib.import_module("timm").create_model(name, num_classes=10)
        return network, (torch.randn(2, 3, size, size),)

    return make


def encoder(config: str, model: str, **settings: Any) -> Callable[[], Made]:
    """A small network of transformers."""

    def make() -> Made:
        transformers = importlib.import_module("transformers")
        sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100}
        made = getattr(transformers, config)(**{**sizes, "intermediate_size": 64, "use_cache": False, **settings})
        return Outputs(getattr(transformers, model)(made), "input_ids"), (torch.randint(0, 100, (2, 16)),)

    return make


def unet() -> Made:
    diffusers = importlib.import_module("diffusers")
    network = diffusers.UNet2DModel(
        sample_size=16,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    )
    return Outputs(network, "sample", "timestep"), (torch.randn(1, 3, 16, 16), torch.tensor([3]))


def autoencoder() -> Made:
    diffusers = importlib.import_module("diffusers")
    network = diffusers.AutoencoderKL(block_out_channels=(16,), norm_num_groups=8)
    return Outputs(network, "sample"), (torch.randn(1, 3, 16, 16),)


def graph_network(name: str) -> Callable[[], Made]:
    def make() -> Made:
        network = getattr(importlib.import_module("torch_geometric.nn"), name)(8, 16, 2, 4)
        return network, (torch.randn(10, 8), torch.randint(0, 10, (2, 30)))

    return make


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.gru, self.head = nn.Embedding(50, 16), nn.GRU(16, 16, batch_first=True), nn.Linear(16, 4)

    def forward(self, ids: Any) -> Any:
        return self.head(self.gru(self.embed(ids))[0][:, -1])


def plain() -> Made:
    layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.SiLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3)]
    return nn.Sequential(*layers, nn.ELU(), nn.Flatten(), nn.Linear(8 * 49, 10)), (torch.randn(2, 3, 20, 20),)


PLAIN: dict[str, Callable[[], Made]] = {
    "plain convolutions": plain,
    "transformer encoder": lambda: (
        nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, 0.0, batch_first=True, norm_first=True), 2,
                              enable_nested_tensor=False),
        (torch.randn(2, 16, 32),),
    ),
    "gru": lambda: (Recurrent(), (torch.randint(0, 50, (2, 12)),)),
}  # fmt: skip

TIMM = (
    "resnet18", "resnet50", "resnext50_32x4d", "seresnet50", "densenet121", "mobilenetv2_100", "mobilenetv3_small_100",
    "efficientnet_b0", "mnasnet_100", "regnety_002", "regnetx_002", "convnext_atto", "convnextv2_atto", "repvgg_a0",
    "vgg11", "ghostnet_100", "dla34", "hrnet_w18_small", "inception_v3", "rexnet_100", "mixnet_s", "edgenext_xx_small",
    "mobileone_s0",
)  # fmt: skip
VITS = ("vit_tiny_patch16_224", "deit_tiny_patch16_224")

NETWORKS: dict[str, Callable[[], Made]] = {
    **PLAIN,
    **{f"timm:{name}": timm_model(name, 96 if name == "inception_v3" else 64) for name in TIMM},
    **{f"timm:{name}": timm_model(name, 224) for name in VITS},
    "hf:bert": encoder("BertConfig", "BertModel"),
    "hf:roberta": encoder("RobertaConfig", "RobertaModel"),
    "hf:electra": encoder("ElectraConfig", "ElectraModel", embedding_size=32),
    "hf:distilbert": encoder("DistilBertConfig", "DistilBertModel", dim=32, hidden_dim=64, n_layers=2, n_heads=4),
    "hf:gpt2": encoder("GPT2Config", "GPT2Model", n_embd=32, n_layer=2, n_head=4),
    "hf:llama": encoder("LlamaConfig", "LlamaModel", num_key_value_heads=2),
    "hf:llama eager": encoder("LlamaConfig", "LlamaModel", num_key_value_heads=2, attn_implementation="eager"),
    "hf:gemma2 eager": encoder("Gemma2Config", "Gemma2Model", num_key_value_heads=2, head_dim=8,
                               attn_implementation="eager"),
    "hf:mistral": encoder("MistralConfig", "MistralModel", num_key_value_heads=2),
    "hf:qwen2": encoder("Qwen2Config", "Qwen2Model", num_key_value_heads=2),
    "hf:opt": encoder("OPTConfig", "OPTModel", ffn_dim=64, word_embed_proj_dim=32),
    "hf:bloom": encoder("BloomConfig", "BloomModel", n_layer=2, n_head=4),
    "hf:phi": encoder("PhiConfig", "PhiModel"),
    "diffusers:unet": unet,
    "diffusers:autoencoder": autoencoder,
    **{f"pyg:{name}": graph_network(name) for name in ("GCN", "GraphSAGE", "GIN", "GAT")},
}  # fmt: skip


def row(name: str, make: Callable[[], Made]) -> list[str]:
    """Name, and for each figure PyTorch's and how far ours is from it."""
    network, given = make()
    network.eval()
    torch.backends.mha.set_fastpath_enabled(False)  # it is one kernel that netweight does not speak of
    forward = held_in_forward(network, given)
    ours = netweight.weigh(network, given, conventions=("torch-eager",)).activations["torch-eager"].peak_bytes
    network.train()
    kept = sum(nbytes for nbytes, _ in kept_pieces(network, given)[1].values())
    peak = step_peak(network, given, lambda found: [x for x in tree_leaves(found) if isinstance(x, torch.Tensor)])
    step = netweight.weigh(network, given, training=True).training
    assert step is not None
    pairs = ((forward, ours), (kept, step.saved_activation_bytes), (peak, step.peak_bytes))
    return [name, *(cell for real, said in pairs for cell in (f"{real:,}", _off(real, said)))]


def _off(real: int, said: int) -> str:
    return "equal" if said == real else f"{100 * (said / real - 1):+.2f} %"


def main(asked: list[str]) -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    chosen = PLAIN if "--quick" in asked else NETWORKS
    chosen = {name: make for name, make in chosen.items() if not asked or asked[0] in name or "--quick" in asked}
    print("| network | forward, B | ours | kept, B | ours | step, B | ours |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, make in chosen.items():
        package = {"timm": "timm", "hf": "transformers", "diffusers": "diffusers", "pyg": "torch_geometric"}
        needed = package.get(name.partition(":")[0], "torch")
        if importlib.util.find_spec(needed) is not None:
            print("| " + " | ".join(row(name, make)) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
