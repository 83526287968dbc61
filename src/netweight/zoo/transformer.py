"""Transformer encoders: layers of self-attention and a small network at every position.

Source: Vaswani et al. 2017, "Attention is all you need", section 3.1 (normalisation after each sum); Xiong et al. 2020,
"On layer normalization in the transformer architecture" (normalisation first).
"""

from netweight.build import Symbol, add, dropout, layer_norm, linear, multi_head_attention, scope
from netweight.zoo import parts


def transformer_encoder(
    x: Symbol,
    *,
    depth: int = 6,
    num_heads: int = 8,
    mlp_dim: int = 2048,
    norm_first: bool = False,
    activation: str = "relu",
    eps: float = 1e-5,
    drop: float = 0.1,
) -> Symbol:
    """Encoder over embeddings; layers are named as in torchvision's vision transformer.

    Args:
        x: (N, length, embed_dim).
        depth: Number of layers.
        num_heads: Attention heads of each.
        mlp_dim: Width within the network at every position.
        norm_first: Whether to normalise before attention and network, and once at the end, instead of after each sum.
        activation: Name of the function between the two layers of that network.
        eps: Added to the variance in normalisation.
        drop: Share of the elements that dropout drops while training.

    Raises:
        ShapeError: If the heads do not divide embed_dim.
        UnknownNameError: If there is no such activation.
    """
    with scope(x, "layers", "Sequential"):
        for index in range(depth):
            with scope(x, f"encoder_layer_{index}", "EncoderBlock"):
                y = layer_norm(x, eps=eps, name="ln_1") if norm_first else x
                y = multi_head_attention(y, num_heads, name="self_attention")
                x = add(x, _drop(y, drop, "dropout"))
                x = x if norm_first else layer_norm(x, eps=eps, name="ln_1")
                y = layer_norm(x, eps=eps, name="ln_2") if norm_first else x
                x = add(x, _mlp(y, mlp_dim, activation, drop))
                x = x if norm_first else layer_norm(x, eps=eps, name="ln_2")
    return layer_norm(x, eps=eps, name="ln") if norm_first else x


def _mlp(x: Symbol, mlp_dim: int, activation: str, drop: float) -> Symbol:
    """Two fully connected layers at every position."""
    with scope(x, "mlp", "MLPBlock"):
        y = linear(x, mlp_dim, name="0")
        y = _drop(parts.activation(activation)(y, name="1"), drop, "2")
        return _drop(linear(y, x.shape[-1], name="3"), drop, "4")


def _drop(x: Symbol, p: float, name: str) -> Symbol:
    """Dropout, where there is any."""
    return dropout(x, p, name=name) if p else x
