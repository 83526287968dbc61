"""Vision transformers and the plain encoder, against torchvision's metadata and by hand."""

import pytest

from netweight import ShapeError, capture, weigh
from netweight.errors import UnknownNameError

# Parameters and MACs: torchvision weights metadata (`_ops`, attention products included), to the last unit.
TORCHVISION = {
    "vit_b_16": (86_567_656, 17_563_828_224),
    "vit_b_32": (88_224_232, 4_409_186_304),
    "vit_l_16:resolution=512": (305_174_504, 361_986_285_568),
    "vit_h_14:resolution=518": (633_470_440, 1_016_716_764_160),
}

# torchvision documents the number of parameters at 224 (`num_params`).
PARAMS = {"vit_l_16": 304_326_632, "vit_l_32": 306_535_400}


@pytest.mark.parametrize("name", TORCHVISION)
def test_totals_are_torchvisions(name):
    totals = weigh(name).totals
    assert (totals.params, totals.macs, totals.buffers) == (*TORCHVISION[name], 0)


@pytest.mark.parametrize("name", PARAMS)
def test_params_at_224(name):
    assert weigh(name).totals.params == PARAMS[name]


def test_paper_table_1():
    """Dosovitskiy et al. 2021, Table 1: 86 M, 307 M and 632 M parameters for Base, Large and Huge."""
    params = {name: weigh(name).totals.params for name in ("vit_b_16", "vit_l_32", "vit_h_14")}
    assert params["vit_b_16"] == pytest.approx(86e6, rel=0.01)
    assert round(params["vit_l_32"] / 1e6) == 307
    assert round(params["vit_h_14"] / 1e6) == 632


def test_macs_by_hand():
    """197 tokens of 768: three projections in, one out, two products of 197 x 197, two layers of 3072."""
    tokens, dim, mlp = 14 * 14 + 1, 768, 3072
    layer = tokens * dim * 3 * dim + 2 * tokens * tokens * dim + tokens * dim * dim + 2 * tokens * dim * mlp
    patches = 14 * 14 * dim * 3 * 16 * 16
    assert weigh("vit_b_16").totals.macs == patches + 12 * layer + dim * 1000 == 17_563_828_224


def test_shapes_and_names():
    rows = {row.layer: row for row in weigh("vit_b_16").layers}
    shapes = {
        "conv_proj": (1, 768, 14, 14),
        "encoder.layers.encoder_layer_0.ln_1": (1, 197, 768),
        "encoder.layers.encoder_layer_11.mlp.0": (1, 197, 3072),
        "encoder.layers.encoder_layer_11.mlp.3": (1, 197, 768),
        "encoder.ln": (1, 197, 768),
        "heads.head": (1, 1000),
    }
    assert {layer: rows[layer].output_shapes[0] for layer in shapes} == shapes
    graph = capture("vit_b_16")
    parameters = {name: value.spec.shape for name, value in graph.values.items() if value.kind == "parameter"}
    assert parameters["class_token"] == (1, 1, 768)
    assert parameters["encoder.pos_embedding"] == (1, 197, 768)
    assert parameters["encoder.layers.encoder_layer_3.self_attention.in_proj_weight"] == (2304, 768)
    assert graph.modules["encoder.layers.encoder_layer_3"] == "EncoderBlock"
    assert graph.modules["encoder.layers.encoder_layer_3.mlp"] == "MLPBlock"
    # torchvision's vit_b_16 has 152 parameter tensors: 4 before, 12 per layer, 4 after.
    assert len(parameters) == 4 + 12 * 12 + 4


def test_every_sample_has_a_class_token():
    profile = weigh("vit_b_16", batch=3)
    assert profile.layers[-1].output_shapes == ((3, 1000),)
    assert profile.totals.macs == 3 * 17_563_828_224
    assert profile.totals.params == 86_567_656


def test_patches_must_tile_the_image():
    with pytest.raises(ShapeError, match=r"vit: expected sizes divisible by patch_size 16, got \(100, 100\)"):
        weigh("vit_b_16:resolution=100")


def test_encoder_of_the_original_base_model():
    """Vaswani et al. 2017: 6 layers of 512, 8 heads, 2048; parameters as torch.nn.TransformerEncoder's."""
    totals = weigh("transformer_encoder").totals
    attention = 3 * 512 * 513 + 512 * 513
    network = 512 * 2049 - 512 + 2048 + 2048 * 512 + 512
    assert network == 512 * 2048 + 2048 + 2048 * 512 + 512
    assert totals.params == 6 * (attention + network + 2 * 2 * 512) == 18_914_304
    length = 128
    layer = length * (4 * 512 * 512 + 2 * 512 * 2048) + 2 * length * length * 512
    assert totals.macs == 6 * layer


def test_heads_change_no_total():
    few, many = (weigh(f"transformer_encoder:num_heads={count}").totals for count in (1, 64))
    assert (few.params, few.macs) == (many.params, many.macs)


def test_where_the_normalisation_stands():
    after, first = (
        [row.layer for row in weigh(f"transformer_encoder:depth=1,norm_first={flag}").layers]
        for flag in ("false", "true")
    )
    block = "layers.encoder_layer_0"
    assert after.index(f"{block}.ln_1") > after.index(f"{block}.add")
    assert first.index(f"{block}.ln_1") < first.index(f"{block}.add")
    assert after[-1] == f"{block}.ln_2"
    assert first[-1] == "ln"


def test_dropout_only_while_training():
    ops = [row.op for row in weigh("transformer_encoder:depth=1", training=True).layers]
    assert ops.count("dropout") == 3
    assert "dropout" not in [row.op for row in weigh("transformer_encoder:depth=1,drop=0.0", training=True).layers]


def test_activation_must_be_known():
    assert any(row.op == "gelu" for row in weigh("transformer_encoder:activation=gelu").layers)
    with pytest.raises(UnknownNameError, match="activation"):
        weigh("transformer_encoder:activation=step")


def test_another_length():
    profile = weigh("transformer_encoder", inputs=(2, 7, 64))
    assert profile.layers[-1].output_shapes == ((2, 7, 64),)


def test_heads_must_divide_the_embedding():
    with pytest.raises(ShapeError, match="heads"):
        weigh("transformer_encoder:num_heads=7")
