import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from netweight.ops.move.embed import EmbeddingAttrs


@st.composite
def embedding_cases(draw: DrawFn) -> Case:
    num_embeddings, embedding_dim = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    indices = generator(draw).integers(0, num_embeddings, draw(shapes(0, 3)))
    # A padding row that is looked up has a gradient and is not given it: tests/ops/move/test_embed.py.
    unread = sorted(set(range(num_embeddings)) - set(indices.reshape(-1).tolist()))
    padding_idx = draw(st.sampled_from([None, *unread]))
    return EmbeddingAttrs(padding_idx=padding_idx), (indices, normal(draw, num_embeddings, embedding_dim))


CASES = {"embedding": embedding_cases()}
BATCHED = {"embedding": ("indices",)}
