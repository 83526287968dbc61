import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal, shapes
from netweight.ops.move.embed import EmbeddingAttrs
from netweight.ops.move.embedding_bag import EmbeddingBagAttrs


@st.composite
def embedding_cases(draw: DrawFn) -> Case:
    num_embeddings, embedding_dim = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    indices = generator(draw).integers(0, num_embeddings, draw(shapes(0, 3)))
    # A padding row that is looked up has a gradient and is not given it: tests/ops/move/test_embed.py.
    unread = sorted(set(range(num_embeddings)) - set(indices.reshape(-1).tolist()))
    padding_idx = draw(st.sampled_from([None, *unread]))
    return EmbeddingAttrs(padding_idx=padding_idx), (indices, normal(draw, num_embeddings, embedding_dim))


@st.composite
def embedding_bag_cases(draw: DrawFn) -> Case:
    """Bags in rows, or in a list with offsets, some of them empty; rows left out that nothing looks up."""
    rows, width = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    bags = draw(st.integers(1, 4))
    mode = draw(st.sampled_from(["sum", "mean", "max"]))
    last = False
    offsets = None
    rng = generator(draw)
    if draw(st.booleans()):
        indices = rng.integers(0, rows, (bags, draw(st.integers(1, 4))))
    else:
        indices = rng.integers(0, rows, draw(st.integers(1, 7)))
        offsets = np.sort(np.concatenate([[0], rng.integers(0, len(indices) + 1, bags - 1)])).astype(np.int64)
        last = draw(st.booleans())
        offsets = np.concatenate([offsets, [len(indices)]]) if last else offsets
    unread = sorted(set(range(rows)) - set(indices.reshape(-1).tolist()))
    padding_idx = draw(st.sampled_from([None, *unread]))
    scale = normal(draw, *indices.shape) if mode == "sum" and draw(st.booleans()) else None
    attrs = EmbeddingBagAttrs(mode=mode, padding_idx=padding_idx, include_last_offset=last)
    return attrs, (indices, distinct(draw, rows, width), offsets, scale)


CASES = {
    "embedding": embedding_cases(),
    "embedding_bag": embedding_bag_cases(),
}
BATCHED = {"embedding": ("indices",)}
