"""Inputs that nobody gave: what the network is says what it takes, and the guess is tried."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import netweight
from netweight.errors import UsageError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


class Net(nn.Module):
    """Layers, and a function of them."""

    def __init__(self, function: Callable[..., Any], **layers: Any) -> None:
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.function = function


class Takes(Net):
    """One input of no telling name."""

    def forward(self, x: Any) -> Any:
        return self.function(self, x)


class Listens(Net):
    """One input that is sound by its name."""

    def forward(self, waveform: Any) -> Any:
        return self.function(self, waveform)


class Reads(Net):
    """Tokens, and which of them count."""

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        return self.function(self, input_ids, attention_mask)


class Connects(Net):
    """A graph."""

    def forward(self, x: Any, edge_index: Any) -> Any:
        return self.function(self, x, edge_index)


def spectrum(own: Any, x: Any) -> Any:
    """A picture of a sound: time is cut into frames of 400."""
    return own.conv(x.unfold(-1, 400, 160).flatten(0, -3).unsqueeze(1))


GUESSES: dict[str, tuple[Any, tuple[int, ...], str]] = {
    "waveform with a channel": (
        Takes(lambda own, x: own.conv(x), conv=nn.Conv1d(1, 4, 10, stride=5)), (2, 1, 16_000), "'conv' of one channel"
    ),
    "waveform without": (
        Takes(lambda own, x: own.conv(x[:, None]), conv=nn.Conv1d(1, 4, 10, stride=5)), (2, 16_000), "one channel"
    ),
    "named waveform": (
        Listens(lambda own, x: own.conv(x.view(x.shape[0], 1, -1)), conv=nn.Conv1d(1, 4, 10)), (2, 16_000), "called"
    ),
    "settings for sound": (
        Takes(spectrum, conv=nn.Conv2d(1, 4, 3), settings=nn.Identity(), sample_rate=16_000), (2, 16_000), "for sound"
    ),
    "other features": (Takes(lambda own, x: own.conv(x), conv=nn.Conv1d(40, 4, 3)), (2, 40, 1024), "length 1024"),
    "steps before features": (
        Takes(lambda own, x: own.conv(x.transpose(1, 2)), conv=nn.Conv1d(40, 4, 3)), (2, 1024, 40), "before channels"
    ),
    "small pictures": (
        Takes(lambda own, x: own.fc(own.conv(x).flatten(1)), conv=nn.Conv2d(3, 4, 3, padding=1), fc=nn.Linear(4096, 2)),
        (2, 3, 32, 32), "32 x 32",
    ),
    "pictures of a size that the module names": (
        Takes(lambda own, x: own.conv(x), conv=nn.Conv2d(3, 4, 3), img_size=(48, 64)), (2, 3, 48, 64), "module names"
    ),
    "few positions": (
        Takes(lambda own, x: own.embed(x) + own.at[: x.shape[1]], embed=nn.Embedding(9, 4), at=torch.zeros(16, 4)),
        (2, 16), "16 tokens",
    ),
    "rows of features": (
        Takes(lambda own, x: own.fc(x).transpose(1, 2), fc=nn.Linear(8, 4)), (2, 128, 8), "128 steps"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GUESSES)
def test_the_guess_is_one_that_the_network_takes(name: str) -> None:
    module, shape, why = GUESSES[name]
    profile = netweight.weigh(module, batch=2)
    assert profile.coverage.stopped_at is None
    assert [given.shape for given in profile.model.inputs] == [shape]
    note = next(note for note in profile.notes if note.startswith("no input was given: "))
    assert why in note


def test_several_inputs_that_are_called_what_they_are() -> None:
    def read(own: Any, ids: Any, mask: Any) -> Any:
        assert mask.all()
        return own.embed(ids) * mask[..., None]

    profile = netweight.weigh(Reads(read, embed=nn.Embedding(30, 8)), batch=3)
    assert [(given.name, given.shape) for given in profile.model.inputs] == [
        ("input_ids", (3, 128)), ("attention_mask", (3, 128))
    ]  # fmt: skip
    assert any("is a guess from what they are called" in note for note in profile.notes)


def test_a_graph() -> None:
    def connect(own: Any, x: Any, edges: Any) -> Any:
        assert int(edges.max()) < x.shape[0]
        return torch.zeros_like(x).index_add(0, edges[1], x[edges[0]]) @ own.fc.weight.t()

    profile = netweight.weigh(Connects(connect, fc=nn.Linear(5, 4)))
    assert [given.shape for given in profile.model.inputs] == [(16, 5), (2, 64)]


def test_a_configuration_of_pictures() -> None:
    module = Takes(lambda own, x: own.conv(x), conv=nn.Conv2d(3, 4, 3), pretrained_cfg={"input_size": (3, 96, 96)})
    assert [given.shape for given in netweight.weigh(module).model.inputs] == [(1, 3, 96, 96)]


def test_a_configuration_of_transformers() -> None:
    class Hears(nn.Module):
        main_input_name = "input_features"

        def __init__(self) -> None:
            super().__init__()
            self.config = SimpleNamespace(model_type="whisper", num_mel_bins=20, max_source_positions=50)
            self.conv = nn.Conv1d(20, 4, 3)

        def forward(self, input_features: Any) -> Any:
            return self.conv(input_features)

    profile = netweight.weigh(Hears(), batch=2)
    assert [(given.name, given.shape) for given in profile.model.inputs] == [("input_features", (2, 20, 100))]
    assert any("100 frames of sound" in note for note in profile.notes)


def test_a_configuration_of_pictures_among_tokens() -> None:
    """Nine patches of a picture stand for as many tokens, and the program refuses any other number."""

    class Looks(nn.Module):
        main_input_name = "input_ids"

        def __init__(self) -> None:
            super().__init__()
            self.config = SimpleNamespace(
                model_type="toy", image_token_id=7, text_config=SimpleNamespace(max_position_embeddings=512),
                vision_config=SimpleNamespace(image_size=12, patch_size=4),
            )  # fmt: skip
            self.embed, self.look = nn.Embedding(10, 6), nn.Conv2d(3, 6, 4, stride=4)

        def forward(self, input_ids: Any, pixel_values: Any) -> Any:
            seen = self.look(pixel_values).flatten(2).transpose(1, 2)
            places = input_ids == self.config.image_token_id
            if int(places.sum()) != seen.shape[0] * seen.shape[1]:
                raise ValueError("tokens and patches do not match")
            return self.embed(input_ids).masked_scatter(places[..., None], seen)

    profile = netweight.weigh(Looks(), batch=2)
    assert [(given.name, given.shape) for given in profile.model.inputs] == [
        ("input_ids", (2, 128 + 9)), ("pixel_values", (2, 3, 12, 12))
    ]  # fmt: skip
    assert any("128 tokens and 9 of a picture" in note for note in profile.notes)
    assert profile.coverage.complete


def test_names_that_say_nothing_need_inputs() -> None:
    class Two(nn.Module):
        def forward(self, one: Any, other: Any) -> Any:
            return one + other

    with pytest.raises(UsageError, match="expected an input for each of one, other"):
        netweight.weigh(Two())


def test_the_likeliest_guess_is_reported_where_none_fits() -> None:
    def refuse(own: Any, x: Any) -> Any:
        x = own.fc(x)
        raise RuntimeError("no shape will do")

    profile = netweight.weigh(Takes(refuse, fc=nn.Linear(8, 4)), batch=2)
    assert [given.shape for given in profile.model.inputs] == [(2, 8)]
    assert profile.coverage.stopped_at is not None


class Tower(nn.Module):
    """Patches of pictures one below the other, each picture as its row of the grid says; attention within each."""

    def __init__(self, first: Any) -> None:
        super().__init__()
        self.first, self.value = first, nn.Linear(6, 5, bias=False)

    def forward(self, hidden_states: Any, grid_thw: Any) -> Any:
        h = self.first(hidden_states).flatten(1)
        sizes = (grid_thw[:, 0] * grid_thw[:, 1] * grid_thw[:, 2]).tolist()
        if h.shape != (sum(sizes), 6):
            raise ValueError("patches and grids do not match")
        return torch.cat([part @ part.t() @ self.value(part) for part in h.split(sizes)])


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (nn.Linear(12, 6, bias=False), (12,)),
        (nn.Sequential(nn.Unflatten(1, (3, 2, 2)), nn.Conv2d(3, 6, 2, bias=False)), (12,)),
        (nn.Conv2d(3, 6, 2, bias=False), (3, 2, 2)),
        (nn.Conv3d(3, 6, 2, bias=False), (3, 2, 2, 2)),
    ],
)
def test_patches_of_pictures_and_their_grid(first: Any, piece: tuple[int, ...]) -> None:
    profile = netweight.weigh(Tower(first), batch=2)
    assert [(given.name, given.shape) for given in profile.model.inputs] == [
        ("hidden_states", (2 * 256, *piece)), ("grid_thw", (2, 3))
    ]  # fmt: skip
    assert profile.coverage.complete
    numbers = 1
    for size in piece:
        numbers *= size
    # two pictures of 256 patches: the first layer, scores of 256 x 256, their products with values
    assert profile.totals.macs == 512 * (numbers * 6 + 6 * 5) + 2 * 256 * 256 * (6 + 5)


def test_patches_of_pictures_with_a_mask_and_sizes() -> None:
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(12, 6, bias=False)

        def forward(self, pixel_values: Any, pixel_attention_mask: Any, spatial_shapes: Any) -> Any:
            assert spatial_shapes.prod(-1).tolist() == pixel_attention_mask.sum(-1).tolist()
            return self.first(pixel_values) * pixel_attention_mask[..., None]

    profile = netweight.weigh(Masked(), batch=2)
    assert [given.shape for given in profile.model.inputs] == [(2, 256, 12), (2, 256), (2, 2)]
    assert profile.totals.macs == 2 * 256 * 12 * 6


@pytest.mark.parametrize("steps_first", [True, False])
def test_a_mask_of_the_steps_of_what_it_is_called_after(steps_first: bool) -> None:
    class Hears(nn.Module):
        main_input_name = "input_features"

        def __init__(self) -> None:
            super().__init__()
            self.config = SimpleNamespace(model_type="toy", num_mel_bins=20)
            if not steps_first:
                self.config = SimpleNamespace(model_type="whisper", num_mel_bins=20, max_source_positions=50)
            self.first = nn.Linear(20, 4, bias=False)

        def forward(self, input_features: Any, input_features_mask: Any) -> Any:
            steps = input_features if steps_first else input_features.transpose(1, 2)
            if not input_features_mask.all():
                raise ValueError("steps are left out")
            return self.first(steps) * input_features_mask[..., None]

    profile = netweight.weigh(Hears(), batch=2)
    steps = 256 if steps_first else 100
    assert [given.shape[1:] for given in profile.model.inputs] == [(256, 20) if steps_first else (20, 100), (steps,)]
    assert profile.totals.macs == 2 * steps * 20 * 4


class Configured(Net):
    """A network with a configuration, as transformers gives it."""

    main_input_name = "pixel_values"

    def forward(self, pixel_values: Any = None, input_features: Any = None, input_values: Any = None) -> Any:
        given = [x for x in (pixel_values, input_features, input_values) if x is not None]
        return self.function(self, *given)


class OfFeatures(Configured):
    main_input_name = "input_features"


class OfSound(Configured):
    main_input_name = "input_values"


def held(**settings: Any) -> Any:
    return {"encoder_config": SimpleNamespace(backbone_config=SimpleNamespace(**settings))}


def exactly(*sizes: int) -> Callable[..., Any]:
    """A network that refuses inputs of other sizes."""

    def work(own: Any, x: Any) -> Any:
        if x.shape[1:] != sizes:
            raise ValueError(f"expected {sizes}, got {tuple(x.shape[1:])}")
        return own.first(x.flatten(1)[:, :8])

    return work


@pytest.mark.parametrize(
    ("config", "main", "takes"),
    [
        (held(image_size=48), "pixel_values", (3, 48, 48)),
        ({"backbone_config": SimpleNamespace(image_size=[32, 64])}, "pixel_values", (3, 32, 64)),
        ({}, "pixel_values", (3, 640, 640)),
        (held(num_mel_bins=20), "input_features", (256, 20)),
        (held(num_mel_bins=20), "input_features", (20, 3000)),
        (held(num_mel_bins=20, max_source_positions=40), "input_features", (20, 80)),
        ({}, "input_features", (3000, 128)),
        ({}, "input_values", (16_000,)),
        ({}, "input_values", (48_000,)),
    ],
)
def test_what_a_configuration_tells_in_the_ones_it_holds_or_not_at_all(
    config: Any, main: str, takes: tuple[int, ...]
) -> None:
    kind = next(kind for kind in (Configured, OfFeatures, OfSound) if kind.main_input_name == main)
    module = kind(
        exactly(*takes), first=nn.Linear(8, 4, bias=False), config=SimpleNamespace(model_type="toy", **config)
    )
    profile = netweight.weigh(module, batch=2)
    assert [(given.name, given.shape) for given in profile.model.inputs] == [(main, (2, *takes))]
    assert profile.coverage.complete
    assert profile.totals.macs == 2 * 8 * 4


def test_patches_beside_tokens_where_the_picture_is_no_rectangle() -> None:
    class Both(nn.Module):
        main_input_name = "input_ids"

        def __init__(self) -> None:
            super().__init__()
            text, vision = SimpleNamespace(max_position_embeddings=64), SimpleNamespace(patch_size=2)
            self.config = SimpleNamespace(model_type="toy", text_config=text, vision_config=vision)
            self.text, self.patch = nn.Linear(6, 6, bias=False), nn.Linear(12, 6, bias=False)

        def forward(self, input_ids: Any, pixel_values: Any = None, spatial_shapes: Any = None) -> Any:
            sizes = spatial_shapes.prod(-1).tolist()
            return self.patch(pixel_values.view(sum(sizes), 12)).sum(0) + self.text(input_ids.sum() * torch.ones(6))

    profile = netweight.weigh(Both(), batch=2)
    assert [given.shape for given in profile.model.inputs] == [(2, 64), (2 * 256, 12), (2, 2)]
    assert profile.totals.macs == 2 * 256 * 12 * 6 + 6 * 6


def test_boxes_and_masks_that_only_the_signature_calls_optional() -> None:
    class Placed(nn.Module):
        main_input_name = "input_ids"

        def __init__(self) -> None:
            super().__init__()
            self.config = SimpleNamespace(model_type="toy")
            self.first = nn.Linear(4, 3, bias=False)

        def forward(self, input_ids: Any, bbox: Any = None) -> Any:
            if bbox is None:
                raise ValueError("where are the words?")
            return self.first(bbox.float() + input_ids[..., None])

    class Hears(nn.Module):
        main_input_name = "input_features"

        def __init__(self) -> None:
            super().__init__()
            self.config = SimpleNamespace(model_type="toy", num_mel_bins=20)
            self.first = nn.Linear(20, 3, bias=False)

        def forward(self, input_features: Any, input_features_mask: Any = None) -> Any:
            return self.first(input_features)[:, : int(input_features_mask.sum(1).max())]

    cases: list[tuple[Any, Any, int]] = [
        (Placed(), ("bbox", (2, 128, 4)), 128 * 4), (Hears(), ("input_features_mask", (2, 256)), 256 * 20)
    ]  # fmt: skip
    for module, second, macs in cases:
        profile = netweight.weigh(module, batch=2)
        given = profile.model.inputs[1]
        assert (given.name, given.shape) == second
        assert profile.totals.macs == 2 * macs * 3
