"""Operators that an ONNX model gives back as others, and why."""

_OTHERS = "ONNX does not have it: others are written, and they are what whoever reads it computes"
_CONSTANT = "a number is a tensor to ONNX, which may be any"
_KNOWN = "made of nothing: a constant to whoever reads it"
_TWIN = "ONNX has one operator where the table has several"
_ORDER = "ONNX has gates and rows in another order: weights that are inputs are put in it"
_TYPE = "ONNX takes a type of its own: something is cast"

WRITTEN_OTHERWISE: dict[str, str] = {
    name: reason
    for reason, names in {
        _OTHERS: """adaptive_avg_pool adaptive_max_pool addcdiv addcmul all any atan2 batch_norm batch_norm_training
            bilinear binary_cross_entropy binary_cross_entropy_with_logits bitwise_left_shift bitwise_right_shift
            channel_shuffle copysign count_nonzero cummax cummin cumprod dequantize_blocks diag_embed diagonal
            diagonal_scatter exp2 expm1 fake_quantize flip floor_divide glu group_norm histc
            huber_loss index_add index_copy index_put isfinite kl_div l1_loss lerp linear local_response_norm log10
            log1p log2 log_sigmoid logaddexp logcumsumexp lp_pool masked_scatter max_unpool min_pool mse_loss
            pixel_unshuffle quantize quantize_blocks remainder repeat_interleave requantize rms_norm roll
            rotary_embedding rsqrt
            scaled_dot_product_attention searchsorted silu slice_scatter slogdet smooth_l1_loss softplus square
            strided_view tanhshrink trunc unfold var window_view write_sequence""",
        _CONSTANT: "add_scalar div_scalar mul_scalar rdiv_scalar rsub_scalar",
        _KNOWN: "arange full",
        _TWIN: "argsort bitwise_not copy embedding identity index_select kthvalue masked_fill max min ne nms sort",
        _ORDER: "gru lstm",
        _TYPE: "logical_and logical_or logical_xor roi_align roi_align_max roi_pool",
    }.items()
    for name in names.split()
}

SOMETIMES = {
    "avg_pool", "cast_float8", "clamp", "conv", "cross_entropy", "dequantize", "ge", "gt", "index", "instance_norm",
    "integer_conv", "integer_matmul", "layer_norm", "le", "logical_not", "lt", "max_pool_with_indices",
    "nll_loss", "nms_per_class", "nonzero", "random", "rnn", "scatter_reduce", "softshrink", "threshold", "unique",
    "vector_norm", "where",
}  # fmt: skip
"""Some of their settings are written with other operators: padding that is not zeros, weights that are not there,
numbers of a type that ONNX does not take, sizes that depend on numbers and of which a model says no limit."""

LEFT_OUT = {
    "bitcast": "of a later set of operators than the one that is written",
    "detach": "ONNX has no gradients that could stop: the same numbers are the same value",
    "embedding_bag": "a lookup and a sum, of bags of one length",
    "grouped_matmul": "a tensor without elements is in between where there is one group",
    "linear_attention": "of a later set of operators than the one that is written",
}

QUIET = {
    "amax", "amin", "cast", "concat", "dropout", "expand", "logsumexp", "mean", "pad", "permute", "pixel_shuffle",
    "prod", "repeat", "reshape", "resize", "slice", "split", "sum",
}  # fmt: skip
"""Where they leave everything as it is, whoever reads a model leaves them out."""
