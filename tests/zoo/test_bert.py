"""BERT against its paper and its published checkpoints."""

import pytest

from netweight import ShapeError, TensorSpec, capture, weigh


@pytest.mark.parametrize(("name", "params"), [("bert_base", 109_482_240), ("bert_large", 335_141_888)])
def test_params_are_those_of_the_checkpoints(name, params):
    """Elements of bert-base-uncased and bert-large-uncased with the pooler."""
    assert weigh(name).totals.params == params


def test_paper_section_3():
    """110 M and 340 M parameters; Large is 335 M, to two digits."""
    assert round(weigh("bert_base").totals.params, -7) == 110_000_000
    assert round(weigh("bert_large").totals.params, -7) == 340_000_000


def test_params_by_hand():
    embeddings = (30522 + 512 + 2) * 768 + 2 * 768
    layer = 4 * (768 * 768 + 768) + (768 * 3072 + 3072) + (3072 * 768 + 768) + 2 * 2 * 768
    assert weigh("bert_base").totals.params == embeddings + 12 * layer + 768 * 768 + 768


def test_work_at_128_tokens():
    """Jiao et al. 2020 (TinyBERT), Table 1: 22.5 B FLOPs, 109 M parameters."""
    totals = weigh("bert_base").totals
    layer = 128 * (4 * 768 * 768 + 2 * 768 * 3072) + 2 * 128 * 128 * 768
    assert totals.macs == 12 * layer + 768 * 768
    assert totals.flops / 1e9 == pytest.approx(22.5, rel=0.005)
    assert totals.params // 10**6 == 109


def test_shapes_and_names():
    graph = capture("bert_base")
    assert graph.spec("x") == TensorSpec((1, 128), "int64")
    rows = {row.layer: row for row in weigh("bert_base").layers}
    assert rows["embeddings.word_embeddings"].output_shapes == ((1, 128, 768),)
    assert rows["encoder.layers.encoder_layer_11.ln_2"].output_shapes == ((1, 128, 768),)
    assert rows["pooler.dense"].output_shapes == ((1, 768),)


def test_length_changes_no_parameter():
    profile = weigh("bert_base", inputs=(2, 512))
    assert profile.model.inputs[0].dtype == "int64"
    assert profile.totals.params == 109_482_240


def test_length_is_limited():
    with pytest.raises(ShapeError, match=r"bert: expected token ids \(N, length\) with length up to 512, got "):
        weigh("bert_base", inputs=(1, 513))


def test_ids_are_integers():
    with pytest.raises(ShapeError, match="embedding"):
        weigh("bert_base", inputs=TensorSpec((1, 128), "float32"))
