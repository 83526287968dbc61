"""The operators netweight knows, one family per file."""

from netweight.ops.base import FREE, REGISTRY, WORK_KINDS, Cost, OpDef, as_tuple, output_specs

__all__ = ["FREE", "REGISTRY", "WORK_KINDS", "Cost", "OpDef", "as_tuple", "output_specs"]

# The operators of each file. A family is imported when one of its operators is first asked for.
FAMILIES = {
    "activation": "elu hardsigmoid hardswish leaky_relu prelu relu relu6 selu",
    "activation_smooth": "gelu mish sigmoid silu softplus tanh",
    "adaptive_pool": "adaptive_avg_pool adaptive_max_pool",
    "attention": "scaled_dot_product_attention",
    "batch_norm": "batch_norm batch_norm_training",
    "binary": "add div maximum minimum mul pow sub",
    "compare": "eq ge gt le logical_and logical_not logical_or logical_xor lt ne where",
    "conv": "conv",
    "conv_transpose": "conv_transpose",
    "cumulative": "cumsum",
    "dropout": "dropout identity",
    "einsum": "einsum",
    "embed": "embedding",
    "gather": "gather index_select",
    "group_norm": "group_norm instance_norm",
    "gru": "gru",
    "layer_norm": "layer_norm rms_norm",
    "layout": "expand permute reshape",
    "linear": "linear",
    "local_response_norm": "local_response_norm",
    "loss": "cross_entropy mse_loss",
    "lstm": "lstm",
    "matmul": "matmul",
    "pool": "max_pool min_pool",
    "pool_average": "avg_pool lp_pool",
    "rearrange": "flip pad repeat roll",
    "reduce": "mean prod sum var",
    "reduce_pick": "amax amin argmax argmin",
    "resize": "resize",
    "rnn": "rnn",
    "scalar": "add_scalar div_scalar mul_scalar pow_scalar rdiv_scalar rsub_scalar",
    "slicing": "concat slice split",
    "softmax": "log_softmax softmax",
    "unary": "abs cast ceil clamp cos erf exp floor log neg reciprocal round rsqrt sign sin sqrt square",
}

REGISTRY.expect({name: f"{__name__}.{family}" for family, names in FAMILIES.items() for name in names.split()})
