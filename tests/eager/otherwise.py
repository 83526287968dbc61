"""What random programs may not have, as PyTorch and netweight differ there, and why.

``OTHERWISE``: a pattern of the source, and why.
"""

OTHERWISE: dict[str, str] = {
    r"cdist|F\.pairwise_distance": "PyTorch keeps distances and what its path of products keeps",
    r"quantile": "made of sorts and interpolation, which PyTorch keeps step by step",
    r"F\.sinc|torch\.sinc": "PyTorch keeps the product with pi alone",
    r"xlogy": "PyTorch keeps less",
    r"fmax|fmin": "PyTorch keeps two masks of its own",
    r"lp_pool": "made of simpler operators",
    r"RMSNorm": "made of simpler operators on a CPU, in higher precision for 16-bit types",
    r"LayerNorm\(\[": "over several dimensions",
    r"GRUCell|LSTMCell|RNNCell": "PyTorch keeps gates in a workspace",
    r"take_along_dim": "PyTorch makes the positions as long as the tensor",
    r"torch\.cross\(": "made of simpler operators",
    r"gaussian_nll|poisson_nll|binary_cross_entropy\(|huber": "made of simpler operators",
    r"vecdot": "PyTorch multiplies as a matrix product, or element by element",
    r"mse_loss|smooth_l1_loss|l1_loss": "the mean lies in memory as large as what it is the mean of",
    r"cosine_similarity|F\.normalize|torch\.dist\(": "made of simpler operators",
    r"block_diag|local_response_norm": "made of simpler operators",
    r"cross_entropy\(\w+, \w+\.softmax": "with probabilities it is made of simpler operators",
    r"scaled_dot_product_attention": "in tensors of other than four dimensions it is made of simpler operators",
    r"adaptive_max_pool": "positions are made although nobody asks for them",
    r"logit|nansum|trapezoid|soft_margin|aminmax|tensordot": "one kernel, or products in another order",
    r"zero_|fill_\(|\]=0|copy_|\]=y|\]=v": "what is written over whole passes zeros back, and keeps what that takes",
    r"\.take\(": "it keeps its tensor for the sizes",
    r"alpha=|nan_to_num|float_power|var_mean|to\(memory": "one kernel of PyTorch is several operators of the table",
    r"label_smoothing": "in 16-bit types it is summed in others",
    r"ldexp|rrelu|renorm|std_mean|hypot": "made of simpler operators",
}
