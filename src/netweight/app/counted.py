"""How the work of an operator is counted, for those who use it, where its rule speaks to those who read code."""

from __future__ import annotations

NOTHING = "It moves or renames data and computes nothing."
_STATISTICS = (
    "Per element the difference to the mean, its square, two sums and a scaling; per group a division, a square root."
)
_LOSS = "Per element the terms of the formula, and the sum or mean of them."
_REDUCED = "One operation per element and result: n elements take n - 1 of them."
_ROWS = "One comparison less than elements along the dimension, per result."

COUNTED: dict[str, str] = {
    "conv": "One MAC per output element and kernel tap of its group; the bias is one addition per output element.",
    "conv_transpose": "One MAC per input element and weight of its channel, also where padding cuts the result off.",
    "integer_conv": "MACs as of a convolution; one subtraction of the zero point per element of each operand.",
    "integer_matmul": "MACs as of a matrix product; one subtraction of the zero point per element of each operand.",
    "linear": "One MAC per output element and input feature; the bias is one addition per output element.",
    "matmul": "One MAC per element of the result and element of the dimension that is summed over.",
    "linear_attention": "Per token K * V MACs to write the state and, per query head, K * V MACs to read it.",
    "scaled_dot_product_attention": "Two matrix products: every query with every key, and the result with every value; "
    "masked pairs count. Per score a scaling and the softmax.",
    "sparse_matmul": "One MAC per stored element and column of the dense matrix.",
    "cross_entropy": "A log-softmax over the classes, and the sum or mean of the losses.",
    "nll_loss": "The sum or mean of the losses; picking them is free.",
    **dict.fromkeys(
        ("huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss", "binary_cross_entropy",
         "binary_cross_entropy_with_logits", "kl_div"), _LOSS,
    ),
    "batch_norm": "At inference a scale and a shift per channel: one multiplication and one addition per element.",
    **dict.fromkeys(("batch_norm_training", "group_norm", "instance_norm", "layer_norm"), _STATISTICS),
    "rms_norm": "Per element its square, a sum and a scaling; per group a division and a square root.",
    "local_response_norm": "Per element a square, a sum over the neighbouring channels, one power and one division.",
    "prelu": "One comparison and one multiplication per element.",
    "glu": "A sigmoid (an exponential, an addition and a division) and a product per element of the result.",
    "conj": "One change of sign per element.",
    **dict.fromkeys(("max", "min", "amax", "amin", "argmax", "argmin"), _ROWS),
    **dict.fromkeys(("sum", "prod", "all", "any", "count_nonzero"), _REDUCED),
    "mean": "One addition less than elements, and one division, per result.",
    "var": "Per element a difference to the mean and its square; two sums and two divisions per result.",
    "logsumexp": "Per element a comparison, a subtraction, an exponential and an addition; a logarithm per result.",
    "nms_per_class": "Per sample and class a sort of the scores and the overlap of all pairs of boxes.",
    "rnn": "Per step and sample H * (C + H) MACs, the biases, and one activation per hidden feature.",
    "gru": "Per step and sample 3 * H * (C + H) MACs for three gates, the biases, and the gates per hidden feature.",
    "lstm": "Per step and sample 4 * H * (C + H) MACs for four gates, the biases, and the gates per hidden feature.",
    "grid_sample": "Per output element its place, the weights of the corners, and a product per corner.",
    "roi_pool": "One comparison less per bin than it has elements, as if every region were the whole input.",
    "fake_quantize": "Per element a division, a rounding and both bounds, and the way back.",
    "bilinear": "Per output element a sum over the products of every pair of features; the bias is one addition.",
}  # fmt: skip
"""Sentences by operator."""
