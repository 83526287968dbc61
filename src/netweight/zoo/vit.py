"""Vision transformer: an encoder over patches of an image, as if they were words.

Layers are named as in torchvision.

Source: Dosovitskiy et al. 2021, "An image is worth 16 x 16 words", Table 1.
"""

from netweight.build import (
    Symbol,
    add,
    concat,
    conv2d,
    expand,
    linear,
    narrow,
    parameter,
    permute,
    reshape,
    scope,
    squeeze,
)
from netweight.errors import ShapeError
from netweight.ir import Init
from netweight.zoo.transformer import transformer_encoder

_EMBEDDING = Init(kind="normal", scale=0.02)


def vit(
    x: Symbol,
    *,
    patch_size: int = 16,
    embed_dim: int = 768,
    depth: int = 12,
    num_heads: int = 12,
    mlp_dim: int = 3072,
    num_classes: int = 1000,
) -> Symbol:
    """Patches and a class token through an encoder; the class is read off the token.

    Args:
        x: (N, 3, H, W).
        patch_size: Height and width of a patch.
        embed_dim: Size of the vector of a patch.
        depth: Layers of the encoder.
        num_heads: Attention heads of each.
        mlp_dim: Width within the network at every position.
        num_classes: Size of the output.

    Raises:
        ShapeError: If patches do not tile the image, or the heads do not divide embed_dim.
    """
    if len(x.shape) != 4:
        raise ShapeError(f"vit: expected x of shape (N, 3, H, W), got {x.shape}")
    if x.shape[2] % patch_size or x.shape[3] % patch_size:
        raise ShapeError(f"vit: expected sizes divisible by patch_size {patch_size}, got {x.shape[2:]}")
    batch = x.shape[0]
    x = conv2d(x, embed_dim, kernel_size=patch_size, stride=patch_size, name="conv_proj")
    x = permute(reshape(x, batch, embed_dim, -1), 0, 2, 1)
    token = parameter(x, "class_token", (1, 1, embed_dim))
    x = concat((expand(token, batch, -1, -1), x), dim=1)
    with scope(x, "encoder", "Encoder"):
        x = add(x, parameter(x, "pos_embedding", (1, *x.shape[1:]), _EMBEDDING))
        x = transformer_encoder(
            x,
            depth=depth,
            num_heads=num_heads,
            mlp_dim=mlp_dim,
            norm_first=True,
            activation="gelu",
            eps=1e-6,
            drop=0.0,
        )
    x = squeeze(narrow(x, 1, 0, 1), 1)
    with scope(x, "heads", "Sequential"):
        return linear(x, num_classes, name="head")
