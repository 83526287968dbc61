"""Which file has which operator, function and rule, so that only what a network needs is imported.

Written by ``scripts/index``: change the files, not this one.
"""

OPERATORS = {
    "ops.algebra.fourier": "fft",
    "ops.algebra.fourier_real": "irfft rfft",
    "ops.algebra.inverse": "cholesky det inverse slogdet",
    "ops.algebra.linear_algebra": "solve solve_triangular",
    "ops.algebra.spectral": "eigh eigvalsh qr svd svdvals",
    "ops.contract.attention": "scaled_dot_product_attention",
    "ops.contract.bilinear": "bilinear",
    "ops.contract.conv": "conv",
    "ops.contract.conv_transpose": "conv_transpose",
    "ops.contract.deform_conv": "deform_conv",
    "ops.contract.einsum": "einsum",
    "ops.contract.grouped_matmul": "grouped_matmul",
    "ops.contract.integer": "integer_conv integer_matmul requantize",
    "ops.contract.linear": "linear",
    "ops.contract.linear_attention": "linear_attention",
    "ops.contract.matmul": "matmul",
    "ops.contract.rotary": "rotary_embedding",
    "ops.loss.classes": "cross_entropy nll_loss",
    "ops.loss.distance": "huber_loss l1_loss mse_loss smooth_l1_loss",
    "ops.loss.probabilities": "binary_cross_entropy binary_cross_entropy_with_logits kl_div",
    "ops.move.copies": "copy repeat_interleave slice_scatter",
    "ops.move.creation": "arange full one_hot",
    "ops.move.diagonals": "diag_embed diagonal_scatter strided_view",
    "ops.move.embed": "embedding",
    "ops.move.embedding_bag": "embedding_bag",
    "ops.move.gather": "gather gather_nd index index_select",
    "ops.move.layout": "expand permute reshape",
    "ops.move.masked_scatter": "masked_scatter",
    "ops.move.rearrange": "flip pad repeat roll",
    "ops.move.scatter": (
        "index_add index_copy index_put scatter scatter_add scatter_nd scatter_nd_add scatter_nd_reduce scatter_reduce"
    ),
    "ops.move.sequences": "reverse_sequence write_sequence",
    "ops.move.shuffle": "channel_shuffle pixel_shuffle pixel_unshuffle",
    "ops.move.slicing": "concat slice split",
    "ops.move.triangle": "diagonal tril triu",
    "ops.norm.batch_norm": "batch_norm batch_norm_training",
    "ops.norm.group_norm": "group_norm instance_norm",
    "ops.norm.layer_norm": "layer_norm rms_norm",
    "ops.norm.local_response_norm": "local_response_norm",
    "ops.norm.softmax": "log_softmax softmax",
    "ops.order.ngrams": "ngram_counts",
    "ops.order.nonzero": "nonzero",
    "ops.order.order_statistics": "kthvalue mode searchsorted",
    "ops.order.sort": "argsort max min sort topk",
    "ops.order.suppression": "nms nms_per_class",
    "ops.order.unique": "unique unique_consecutive",
    "ops.pointwise.activation": (
        "celu elu hardshrink hardsigmoid hardswish leaky_relu prelu relu relu6 selu softshrink threshold"
    ),
    "ops.pointwise.activation_smooth": "gelu log_sigmoid mish sigmoid silu softplus softsign tanh tanhshrink",
    "ops.pointwise.binary": "add atan2 copysign div floor_divide fmod logaddexp maximum minimum mul pow remainder sub",
    "ops.pointwise.bits": "bitcast",
    "ops.pointwise.blend": "addcdiv addcmul lerp",
    "ops.pointwise.compare": (
        "bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor eq ge gt isfinite isinf "
        "isnan le logical_and logical_not logical_or logical_xor lt ne where"
    ),
    "ops.pointwise.complex": "complex conj view_as_complex view_as_real",
    "ops.pointwise.float8": "cast_float8",
    "ops.pointwise.gate": "glu",
    "ops.pointwise.masking": "masked_fill",
    "ops.pointwise.scalar": "add_scalar div_scalar mul_scalar pow_scalar rdiv_scalar rsub_scalar",
    "ops.pointwise.unary": (
        "abs acos acosh asin asinh atan atanh cast ceil clamp cos cosh erf exp exp2 expm1 floor log log10 log1p log2 "
        "neg reciprocal round rsqrt sign sin sinh sqrt square tan trunc"
    ),
    "ops.quantize.affine": "dequantize fake_quantize quantize",
    "ops.quantize.blocks": "dequantize_blocks quantize_blocks",
    "ops.quantize.dynamic": "dynamic_quantize",
    "ops.random.draw": "random",
    "ops.random.dropout": "dropout identity",
    "ops.recurrent.gru": "gru",
    "ops.recurrent.lstm": "lstm",
    "ops.recurrent.rnn": "rnn",
    "ops.reduce.cumulative": "cumsum",
    "ops.reduce.cumulative_pick": "cummax cummin logcumsumexp",
    "ops.reduce.cumulative_product": "cumprod",
    "ops.reduce.histogram": "histc",
    "ops.reduce.logsumexp": "logsumexp",
    "ops.reduce.reduce_logic": "all any count_nonzero",
    "ops.reduce.reduce_pick": "amax amin argmax argmin",
    "ops.reduce.reduction": "mean prod sum var",
    "ops.reduce.vector_norm": "vector_norm",
    "ops.sample.grid_sample": "grid_sample",
    "ops.sample.resize": "resize",
    "ops.sample.roi_align": "roi_align roi_align_max",
    "ops.sample.roi_pool": "roi_pool",
    "ops.window.adaptive_pool": "adaptive_avg_pool adaptive_max_pool",
    "ops.window.pool": "max_pool min_pool",
    "ops.window.pool_average": "avg_pool lp_pool",
    "ops.window.pool_indices": "max_pool_with_indices max_unpool",
    "ops.window.unfold": "fold unfold window_view",
}

READS = {
    "sources.onnx.lower.algebra.signal": "BlackmanWindow DFT HammingWindow HannWindow MelWeightMatrix STFT",
    "sources.onnx.lower.contract.attention": (
        "Attention LinearAttention RotaryEmbedding SwiGLU ai.onnx.preview.FlexAttention"
    ),
    "sources.onnx.lower.contract.conv": (
        "CausalConvWithState Conv ConvTranspose DeformConv Gemm MatMul com.microsoft.CausalConvWithState"
    ),
    "sources.onnx.lower.contract.fused": (
        "SimplifiedLayerNormalization com.microsoft.BiasAdd com.microsoft.BiasGelu "
        "com.microsoft.EmbedLayerNormalization com.microsoft.FastGelu com.microsoft.FusedConv com.microsoft.FusedGemm "
        "com.microsoft.FusedMatMul com.microsoft.FusedMatMulActivation com.microsoft.Gelu com.microsoft.NhwcConv "
        "com.microsoft.NhwcFusedConv com.microsoft.NhwcMaxPool com.microsoft.QuickGelu "
        "com.microsoft.SimplifiedLayerNormalization com.microsoft.SkipLayerNormalization "
        "com.microsoft.SkipSimplifiedLayerNormalization com.microsoft.TransposeMatMul"
    ),
    "sources.onnx.lower.contract.microsoft_attention": (
        "com.microsoft.Attention com.microsoft.GroupQueryAttention com.microsoft.MultiHeadAttention "
        "com.microsoft.QAttention com.microsoft.RotaryEmbedding"
    ),
    "sources.onnx.lower.contract.microsoft_experts": "com.microsoft.MoE com.microsoft.QMoE",
    "sources.onnx.lower.contract.products": "Det Einsum TfIdfVectorizer",
    "sources.onnx.lower.control.flow": "If Loop Scan SequenceMap",
    "sources.onnx.lower.loss.losses": "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
    "sources.onnx.lower.move.index": (
        "Gather GatherElements GatherND OneHot ReverseSequence Scatter ScatterElements ScatterND TensorScatter"
    ),
    "sources.onnx.lower.move.rearrange": (
        "CenterCropPad Col2Im DepthToSpace Expand Pad Slice SpaceToDepth Split Tile Trilu"
    ),
    "sources.onnx.lower.move.sequence": (
        "ConcatFromSequence Optional OptionalGetElement OptionalHasElement SequenceAt SequenceConstruct SequenceEmpty "
        "SequenceErase SequenceInsert SequenceLength SplitToSequence"
    ),
    "sources.onnx.lower.move.shape": (
        "Concat Constant ConstantOfShape EyeLike Flatten Identity Range Reshape Shape Size Squeeze Transpose Unsqueeze"
    ),
    "sources.onnx.lower.norm.layers": (
        "BatchNormalization GroupNormalization InstanceNormalization LRN LayerNormalization LpNormalization "
        "MeanVarianceNormalization RMSNormalization"
    ),
    "sources.onnx.lower.norm.softmax": "Hardmax LogSoftmax Softmax",
    "sources.onnx.lower.order.select": "Compress NonMaxSuppression NonZero TopK Unique",
    "sources.onnx.lower.pointwise.activation": (
        "Celu Elu Gelu HardSigmoid HardSwish LeakyRelu Mish PRelu Relu Selu Shrink Sigmoid Softplus Softsign Swish "
        "Tanh ThresholdedRelu"
    ),
    "sources.onnx.lower.pointwise.cast": "BitCast Cast CastLike",
    "sources.onnx.lower.pointwise.elementwise": (
        "Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil Clip "
        "Cos Cosh Div Equal Erf Exp Floor Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Log Max Mean Min Mod Mul "
        "Neg Not Or Pow Reciprocal Round Sign Sin Sinh Sqrt Sub Sum Tan Where Xor"
    ),
    "sources.onnx.lower.quantize.layers": (
        "ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul QuantizeLinear "
        "com.microsoft.DequantizeLinear com.microsoft.QuantizeLinear"
    ),
    "sources.onnx.lower.quantize.microsoft": (
        "com.microsoft.DynamicQuantizeMatMul com.microsoft.GatherBlockQuantized com.microsoft.MatMulIntegerToFloat "
        "com.microsoft.MatMulNBits com.microsoft.QGemm com.microsoft.QLinearAdd com.microsoft.QLinearAveragePool "
        "com.microsoft.QLinearConcat com.microsoft.QLinearConv com.microsoft.QLinearGlobalAveragePool "
        "com.microsoft.QLinearLeakyRelu com.microsoft.QLinearMul com.microsoft.QLinearReduceMean "
        "com.microsoft.QLinearSigmoid com.microsoft.QLinearSoftmax"
    ),
    "sources.onnx.lower.random.draw": "Bernoulli Dropout RandomNormal RandomNormalLike RandomUniform RandomUniformLike",
    "sources.onnx.lower.recurrent.layers": "GRU LSTM RNN com.microsoft.DynamicQuantizeLSTM",
    "sources.onnx.lower.reduce.reduction": (
        "ArgMax ArgMin CumProd CumSum ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin "
        "ReduceProd ReduceSum ReduceSumSquare"
    ),
    "sources.onnx.lower.sample.regions": "MaxRoiPool RoiAlign",
    "sources.onnx.lower.sample.resize": "AffineGrid GridSample Resize Upsample",
    "sources.onnx.lower.window.pool": (
        "AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool MaxUnpool"
    ),
}

WRITES = {
    "sources.onnx.write.contract.attention": "grouped_matmul rotary_embedding scaled_dot_product_attention tril triu",
    "sources.onnx.write.contract.conv": "conv conv_transpose deform_conv fold integer_conv unfold",
    "sources.onnx.write.contract.linear": (
        "bilinear det einsum embedding embedding_bag integer_matmul linear local_response_norm matmul slogdet"
    ),
    "sources.onnx.write.loss.losses": (
        "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy huber_loss kl_div l1_loss mse_loss "
        "nll_loss smooth_l1_loss"
    ),
    "sources.onnx.write.move.copies": (
        "channel_shuffle copy diag_embed diagonal_scatter dropout flip identity pad pixel_shuffle pixel_unshuffle "
        "repeat repeat_interleave roll slice_scatter"
    ),
    "sources.onnx.write.move.creation": "arange full one_hot random",
    "sources.onnx.write.move.index": "gather gather_nd index index_select masked_scatter nonzero",
    "sources.onnx.write.move.scatter": (
        "index_add index_copy index_put reverse_sequence scatter scatter_add scatter_nd scatter_nd_add "
        "scatter_nd_reduce scatter_reduce write_sequence"
    ),
    "sources.onnx.write.move.shape": "concat diagonal expand permute reshape slice split strided_view window_view",
    "sources.onnx.write.norm.layers": "batch_norm batch_norm_training group_norm instance_norm layer_norm rms_norm",
    "sources.onnx.write.order.select": "argsort kthvalue max min nms nms_per_class searchsorted sort topk unique",
    "sources.onnx.write.pointwise.activation": (
        "celu elu gelu glu hardshrink hardsigmoid hardswish leaky_relu log_sigmoid log_softmax mish prelu relu relu6 "
        "selu sigmoid silu softmax softplus softshrink softsign tanh tanhshrink threshold"
    ),
    "sources.onnx.write.pointwise.arithmetic": (
        "add add_scalar addcdiv addcmul atan2 bitwise_and bitwise_left_shift bitwise_not bitwise_or "
        "bitwise_right_shift bitwise_xor copysign div div_scalar eq floor_divide fmod ge gt le lerp logaddexp "
        "logical_and logical_not logical_or logical_xor lt masked_fill maximum minimum mul mul_scalar ne pow "
        "pow_scalar rdiv_scalar remainder rsub_scalar sub where"
    ),
    "sources.onnx.write.pointwise.unary": (
        "abs acos acosh asin asinh atan atanh bitcast cast cast_float8 ceil clamp cos cosh erf exp exp2 expm1 floor "
        "isfinite isinf isnan log log10 log1p log2 neg reciprocal round rsqrt sign sin sinh sqrt square tan trunc"
    ),
    "sources.onnx.write.quantize.affine": (
        "dequantize dequantize_blocks dynamic_quantize fake_quantize quantize quantize_blocks requantize"
    ),
    "sources.onnx.write.recurrent.layers": "gru linear_attention lstm rnn",
    "sources.onnx.write.reduce.reduction": (
        "all amax amin any argmax argmin count_nonzero cummax cummin cumprod cumsum histc logcumsumexp logsumexp mean "
        "prod sum var vector_norm"
    ),
    "sources.onnx.write.sample.regions": "roi_align roi_align_max roi_pool",
    "sources.onnx.write.sample.resize": "grid_sample resize",
    "sources.onnx.write.window.pool": (
        "adaptive_avg_pool adaptive_max_pool avg_pool lp_pool max_pool max_pool_with_indices max_unpool min_pool"
    ),
}

FUNCTIONS = {
    "functions.algebra": (
        "cholesky det eigh eigvalsh fft ifft inv irfft qr rfft slogdet solve solve_triangular svd svdvals"
    ),
    "functions.contract": "einsum matmul scaled_dot_product_attention",
    "functions.loss": (
        "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy huber_loss kl_div l1_loss mse_loss "
        "nll_loss smooth_l1_loss"
    ),
    "functions.move.index": (
        "gather gather_nd index index_add index_copy index_put index_select masked_scatter scatter scatter_add "
        "scatter_nd scatter_reduce"
    ),
    "functions.move.layout": (
        "arange as_strided channel_shuffle chunk concat copy diag_embed diagonal diagonal_scatter expand flatten flip "
        "full full_like narrow one_hot ones_like pad permute pixel_shuffle pixel_unshuffle repeat repeat_interleave "
        "reshape roll rot90 slice_scatter split squeeze stack transpose tril triu unsqueeze zeros_like"
    ),
    "functions.norm": "local_response_norm log_softmax softmax",
    "functions.order": "argsort kthvalue max min mode nms nonzero searchsorted sort topk unique unique_consecutive",
    "functions.pointwise": "celu glu hardshrink logsigmoid masked_fill softshrink softsign tanhshrink threshold",
    "functions.quantize": "dequantize fake_quantize quantize",
    "functions.random": "rand_like randn_like",
    "functions.reduce": (
        "all amax amin aminmax any argmax argmin count_nonzero cummax cummin cumprod cumsum logcumsumexp logsumexp "
        "mean prod std std_mean sum var var_mean vector_norm"
    ),
    "functions.sample": "grid_sample interpolate roi_align roi_pool",
    "functions.window.pool": (
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
        "adaptive_max_pool3d avg_pool1d avg_pool2d avg_pool3d global_avg_pool global_max_pool lp_pool1d lp_pool2d "
        "lp_pool3d max_pool1d max_pool1d_with_indices max_pool2d max_pool2d_with_indices max_pool3d "
        "max_pool3d_with_indices max_unpool2d min_pool2d"
    ),
    "functions.window.unfold": "fold unfold window_view",
    "sources.build.activation": (
        "elu gelu hardsigmoid hardswish leaky_relu mish prelu relu relu6 selu sigmoid silu softplus tanh"
    ),
    "sources.build.arith": (
        "abs add ceil clamp cos div erf exp floor log maximum minimum mul neg pow rdiv reciprocal round rsqrt rsub "
        "sign sin sqrt square sub"
    ),
    "sources.build.attention": "multi_head_attention",
    "sources.build.conv": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d",
    "sources.build.core": "Place Symbol call graph scope",
    "sources.build.dropout": "dropout",
    "sources.build.embedding": "embedding",
    "sources.build.functions": (
        "acos addcdiv addcmul asin atan atan2 bitwise_and bitwise_left_shift bitwise_not bitwise_or "
        "bitwise_right_shift bitwise_xor cosh exp2 expm1 floor_divide fmod isfinite isinf isnan lerp log10 log1p log2 "
        "logaddexp remainder sinh tan trunc"
    ),
    "sources.build.linear": "linear",
    "sources.build.logic": "cast eq ge gt le logical_and logical_not logical_or logical_xor lt ne where",
    "sources.build.norm": "batch_norm group_norm instance_norm layer_norm rms_norm",
    "sources.build.params": "parameter",
    "sources.build.ranks": "acosh asinh atanh complex conj copysign view_as_complex view_as_real",
    "sources.build.recurrent": "gru lstm rnn",
    "sources.build.regions": "deform_conv2d",
    "sources.build.tables": "bilinear embedding_bag",
}


def homes(table: dict[str, str]) -> dict[str, str]:
    """Name to module.

    >>> homes({"ops.contract.linear": "linear"})
    {'linear': 'netweight.ops.contract.linear'}
    """
    return {name: f"netweight.{home}" for home, names in table.items() for name in names.split()}
