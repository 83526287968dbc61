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
    "ops.contract.sparse_matmul": "sparse_matmul",
    "ops.loss.classes": "cross_entropy nll_loss",
    "ops.loss.distance": "huber_loss l1_loss mse_loss smooth_l1_loss",
    "ops.loss.probabilities": "binary_cross_entropy binary_cross_entropy_with_logits kl_div",
    "ops.move.copies": "copy repeat_interleave slice_scatter",
    "ops.move.creation": "arange full one_hot",
    "ops.move.detach": "detach",
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
    "ops.pointwise.activation": "celu elu hardshrink hardsigmoid hardswish leaky_relu prelu selu softshrink threshold",
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
    "ops.pointwise.rectifier": "relu relu6",
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
    "ops.reduce.cumulative": "cummax cummin cumprod cumsum logcumsumexp",
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

ATEN = {
    "acos": "acos arccos",
    "acosh": "acosh arccosh",
    "asin": "arcsin asin",
    "asinh": "arcsinh asinh",
    "atan": "arctan atan",
    "atan2": "arctan2 atan2",
    "atanh": "arctanh atanh",
    "bilinear": "bilinear",
    "bitwise_left_shift": "__lshift__ bitwise_left_shift",
    "bitwise_right_shift": "__rshift__ bitwise_right_shift",
    "ceil": "ceil",
    "celu": "celu",
    "copysign": "copysign",
    "cos": "cos",
    "cosh": "cosh",
    "eq": "eq",
    "erf": "erf special_erf",
    "exp": "exp",
    "exp2": "exp2 special_exp2",
    "expm1": "expm1 special_expm1",
    "floor": "floor",
    "floor_divide": "floor_divide",
    "fmod": "fmod",
    "ge": "ge greater_equal",
    "gelu": "gelu",
    "gt": "greater gt",
    "hardshrink": "hardshrink",
    "hardsigmoid": "hardsigmoid",
    "hardswish": "hardswish",
    "isfinite": "isfinite",
    "isinf": "isinf",
    "isnan": "isnan",
    "le": "le less_equal",
    "leaky_relu": "leaky_relu",
    "log": "log",
    "log10": "log10",
    "log1p": "log1p special_log1p",
    "log2": "log2",
    "logaddexp": "logaddexp",
    "logical_and": "logical_and",
    "logical_not": "logical_not",
    "logical_or": "logical_or",
    "logical_xor": "logical_xor",
    "lt": "less lt",
    "maximum": "max.other maximum",
    "minimum": "min.other minimum",
    "mish": "mish",
    "ne": "ne not_equal",
    "neg": "neg negative",
    "reciprocal": "reciprocal",
    "relu": "relu",
    "relu6": "relu6",
    "remainder": "remainder",
    "round": "round.default",
    "rsqrt": "rsqrt",
    "selu": "selu",
    "sigmoid": "sigmoid special_expit",
    "sign": "sgn sign",
    "silu": "silu",
    "sin": "sin",
    "sinh": "sinh",
    "softplus": "softplus",
    "softshrink": "softshrink",
    "sqrt": "sqrt",
    "square": "square",
    "tan": "tan",
    "tanh": "tanh",
    "threshold": "threshold",
    "trunc": "fix trunc",
}

ONNX = {
    "acos": "Acos",
    "acosh": "Acosh",
    "add": "Add",
    "asin": "Asin",
    "asinh": "Asinh",
    "atan": "Atan",
    "atanh": "Atanh",
    "bitwise_and": "BitwiseAnd",
    "bitwise_or": "BitwiseOr",
    "bitwise_xor": "BitwiseXor",
    "cos": "Cos",
    "cosh": "Cosh",
    "elu": "Elu",
    "eq": "Equal",
    "erf": "Erf",
    "exp": "Exp",
    "ge": "GreaterOrEqual",
    "gelu": "Gelu",
    "gt": "Greater",
    "hardswish": "HardSwish",
    "le": "LessOrEqual",
    "log": "Log",
    "logical_and": "And",
    "logical_not": "Not",
    "logical_or": "Or",
    "logical_xor": "Xor",
    "lt": "Less",
    "mish": "Mish",
    "mul": "Mul",
    "reciprocal": "Reciprocal",
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "sin": "Sin",
    "sinh": "Sinh",
    "softsign": "Softsign",
    "sqrt": "Sqrt",
    "sub": "Sub",
    "tan": "Tan",
    "tanh": "Tanh",
}

READS = {
    "sources.onnx.lower.algebra.determinant": "Det",
    "sources.onnx.lower.algebra.signal": "BlackmanWindow DFT HammingWindow HannWindow MelWeightMatrix STFT",
    "sources.onnx.lower.contract.attention": (
        "Attention LinearAttention RotaryEmbedding SwiGLU ai.onnx.preview.FlexAttention"
    ),
    "sources.onnx.lower.contract.conv": (
        "CausalConvWithState Conv ConvTranspose DeformConv Gemm MatMul com.microsoft.CausalConvWithState"
    ),
    "sources.onnx.lower.contract.einsum": "Einsum",
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
    "sources.onnx.lower.contract.nchwc": (
        "com.microsoft.nchwc.AveragePool com.microsoft.nchwc.Conv com.microsoft.nchwc.GlobalAveragePool "
        "com.microsoft.nchwc.GlobalMaxPool com.microsoft.nchwc.MaxPool com.microsoft.nchwc.ReorderInput "
        "com.microsoft.nchwc.ReorderOutput com.microsoft.nchwc.Upsample"
    ),
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
    "sources.onnx.lower.norm.microsoft": (
        "com.microsoft.BiasSoftmax com.microsoft.BiasSplitGelu com.microsoft.GemmFastGelu com.microsoft.GroupNorm "
        "com.microsoft.SkipGroupNorm"
    ),
    "sources.onnx.lower.norm.softmax": "Hardmax LogSoftmax Softmax",
    "sources.onnx.lower.order.ngrams": "TfIdfVectorizer",
    "sources.onnx.lower.order.select": "Compress NonMaxSuppression NonZero TopK Unique",
    "sources.onnx.lower.pointwise.activation": (
        "Celu HardSigmoid LeakyRelu PRelu Selu Shrink Softplus Swish ThresholdedRelu"
    ),
    "sources.onnx.lower.pointwise.cast": "BitCast Cast CastLike",
    "sources.onnx.lower.pointwise.elementwise": (
        "Abs BitShift BitwiseNot Ceil Clip Div Floor IsInf IsNaN Max Mean Min Mod Neg Pow Round Sign Sum Where"
    ),
    "sources.onnx.lower.pointwise.plain": (
        "Acos Acosh Add And Asin Asinh Atan Atanh BitwiseAnd BitwiseOr BitwiseXor Cos Cosh Elu Equal Erf Exp Gelu "
        "Greater GreaterOrEqual HardSwish Less LessOrEqual Log Mish Mul Not Or Reciprocal Relu Sigmoid Sin Sinh "
        "Softsign Sqrt Sub Tan Tanh Xor"
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

TFLITE = {
    "sources.tflite.lower.algebra.signal": "RFFT2D",
    "sources.tflite.lower.contract.conv": "CONV_2D CONV_3D DEPTHWISE_CONV_2D",
    "sources.tflite.lower.contract.general": "STABLEHLO_DOT_GENERAL",
    "sources.tflite.lower.contract.linear": "BATCH_MATMUL FULLY_CONNECTED",
    "sources.tflite.lower.contract.transposed": "CONV_3D_TRANSPOSE TRANSPOSE_CONV",
    "sources.tflite.lower.control.flow": "CALL IF STABLEHLO_COMPOSITE STABLEHLO_WHILE WHILE",
    "sources.tflite.lower.control.variables": "ASSIGN_VARIABLE CALL_ONCE READ_VARIABLE VAR_HANDLE",
    "sources.tflite.lower.move.creation": (
        "BROADCAST_ARGS FILL MATRIX_DIAG MATRIX_SET_DIAG ONE_HOT RANGE RANK SHAPE STABLEHLO_IOTA ZEROS_LIKE"
    ),
    "sources.tflite.lower.move.index": (
        "DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP GATHER GATHER_ND REVERSE_SEQUENCE SCATTER_ND SEGMENT_SUM "
        "SPARSE_TO_DENSE STABLEHLO_DYNAMIC_UPDATE_SLICE UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN "
        "UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM"
    ),
    "sources.tflite.lower.move.layout": "EXPAND_DIMS RESHAPE SQUEEZE TRANSPOSE",
    "sources.tflite.lower.move.padding": (
        "BATCH_TO_SPACE_ND DEPTH_TO_SPACE MIRROR_PAD PAD PADV2 SPACE_TO_BATCH_ND SPACE_TO_DEPTH"
    ),
    "sources.tflite.lower.move.slicing": (
        "CONCATENATION PACK REVERSE_V2 SLICE SPLIT SPLIT_V STABLEHLO_CONCATENATE STABLEHLO_SLICE STRIDED_SLICE TILE "
        "UNPACK"
    ),
    "sources.tflite.lower.move.stablehlo": (
        "STABLEHLO_BROADCAST_IN_DIM STABLEHLO_PAD STABLEHLO_RESHAPE STABLEHLO_TRANSPOSE"
    ),
    "sources.tflite.lower.norm.local_response_norm": "LOCAL_RESPONSE_NORMALIZATION",
    "sources.tflite.lower.norm.softmax": "LOG_SOFTMAX SOFTMAX",
    "sources.tflite.lower.order.select": "TOPK_V2 UNIQUE WHERE",
    "sources.tflite.lower.pointwise.arithmetic": "ADD ADD_N DIV MUL SQUARED_DIFFERENCE SUB",
    "sources.tflite.lower.pointwise.compare": (
        "ATAN2 BITWISE_XOR BUCKETIZE EQUAL FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND "
        "LOGICAL_OR MAXIMUM MINIMUM NOT_EQUAL POW RIGHT_SHIFT SELECT SELECT_V2 STABLEHLO_ADD STABLEHLO_AND "
        "STABLEHLO_COMPARE STABLEHLO_DIVIDE STABLEHLO_MAXIMUM STABLEHLO_MINIMUM STABLEHLO_MULTIPLY STABLEHLO_OR "
        "STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_SELECT STABLEHLO_SHIFT_LEFT STABLEHLO_SUBTRACT"
    ),
    "sources.tflite.lower.pointwise.functions": (
        "ABS BITCAST BROADCAST_TO CAST CEIL COMPLEX_ABS COS ELU EXP FLOOR GELU HARD_SWISH IMAG LEAKY_RELU LOG "
        "LOGICAL_NOT LOGISTIC NEG PRELU REAL RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 ROUND RSQRT SIGN SIN SQRT SQUARE "
        "STABLEHLO_ABS STABLEHLO_CBRT STABLEHLO_CLAMP STABLEHLO_CONVERT STABLEHLO_COSINE STABLEHLO_EXPONENTIAL "
        "STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_LOGISTIC STABLEHLO_NEGATE STABLEHLO_RSQRT STABLEHLO_TANH TANH"
    ),
    "sources.tflite.lower.quantize.affine": "DENSIFY DEQUANTIZE FAKE_QUANT QUANTIZE",
    "sources.tflite.lower.random.draw": "RANDOM_STANDARD_NORMAL RANDOM_UNIFORM",
    "sources.tflite.lower.recurrent.layers": (
        "BIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_RNN LSTM RNN UNIDIRECTIONAL_SEQUENCE_LSTM "
        "UNIDIRECTIONAL_SEQUENCE_RNN"
    ),
    "sources.tflite.lower.recurrent.svdf": "SVDF",
    "sources.tflite.lower.reduce.reduction": (
        "ARG_MAX ARG_MIN CUMSUM L2_NORMALIZATION MEAN REDUCE_ALL REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PROD SUM"
    ),
    "sources.tflite.lower.sample.resize": "RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR",
    "sources.tflite.lower.window.pool": "AVERAGE_POOL_2D L2_POOL_2D MAX_POOL_2D",
}

WRITES = {
    "sources.onnx.write.algebra.determinant": "det slogdet",
    "sources.onnx.write.contract.attention": "grouped_matmul rotary_embedding scaled_dot_product_attention",
    "sources.onnx.write.contract.conv": "conv conv_transpose deform_conv integer_conv",
    "sources.onnx.write.contract.integer": "integer_matmul requantize",
    "sources.onnx.write.contract.linear": "bilinear einsum linear matmul",
    "sources.onnx.write.contract.linear_attention": "linear_attention",
    "sources.onnx.write.loss.losses": (
        "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy huber_loss kl_div l1_loss mse_loss "
        "nll_loss smooth_l1_loss"
    ),
    "sources.onnx.write.move.copies": (
        "channel_shuffle copy detach diag_embed diagonal_scatter flip pad pixel_shuffle pixel_unshuffle repeat "
        "repeat_interleave roll slice_scatter tril triu"
    ),
    "sources.onnx.write.move.creation": "arange full one_hot",
    "sources.onnx.write.move.embedding": "embedding embedding_bag",
    "sources.onnx.write.move.index": "gather gather_nd index index_select masked_scatter",
    "sources.onnx.write.move.scatter": (
        "index_add index_copy index_put reverse_sequence scatter scatter_add scatter_nd scatter_nd_add "
        "scatter_nd_reduce scatter_reduce write_sequence"
    ),
    "sources.onnx.write.move.shape": "concat diagonal expand permute reshape slice split strided_view",
    "sources.onnx.write.norm.layers": (
        "batch_norm batch_norm_training group_norm instance_norm layer_norm local_response_norm rms_norm"
    ),
    "sources.onnx.write.norm.softmax": "log_softmax softmax",
    "sources.onnx.write.order.select": (
        "argsort kthvalue max min nms nms_per_class nonzero searchsorted sort topk unique"
    ),
    "sources.onnx.write.pointwise.activation": (
        "celu glu hardshrink hardsigmoid leaky_relu log_sigmoid prelu relu6 selu silu softplus softshrink tanhshrink "
        "threshold"
    ),
    "sources.onnx.write.pointwise.arithmetic": (
        "add_scalar addcdiv addcmul atan2 bitwise_left_shift bitwise_not bitwise_right_shift copysign div div_scalar "
        "floor_divide fmod lerp logaddexp masked_fill maximum minimum mul_scalar ne pow pow_scalar rdiv_scalar "
        "remainder rsub_scalar where"
    ),
    "sources.onnx.write.pointwise.plain": (
        "acos acosh add asin asinh atan atanh bitwise_and bitwise_or bitwise_xor cos cosh elu eq erf exp ge gelu gt "
        "hardswish le log logical_and logical_not logical_or logical_xor lt mish mul reciprocal relu sigmoid sin sinh "
        "softsign sqrt sub tan tanh"
    ),
    "sources.onnx.write.pointwise.unary": (
        "abs bitcast cast cast_float8 ceil clamp exp2 expm1 floor isfinite isinf isnan log10 log1p log2 neg round "
        "rsqrt sign square trunc"
    ),
    "sources.onnx.write.quantize.affine": (
        "dequantize dequantize_blocks dynamic_quantize fake_quantize quantize quantize_blocks"
    ),
    "sources.onnx.write.random.draw": "dropout identity random",
    "sources.onnx.write.recurrent.layers": "gru lstm rnn",
    "sources.onnx.write.reduce.reduction": (
        "all amax amin any argmax argmin count_nonzero cummax cummin cumprod cumsum histc logcumsumexp logsumexp mean "
        "prod sum var vector_norm"
    ),
    "sources.onnx.write.sample.regions": "roi_align roi_align_max roi_pool",
    "sources.onnx.write.sample.resize": "grid_sample resize",
    "sources.onnx.write.window.pool": (
        "adaptive_avg_pool adaptive_max_pool avg_pool lp_pool max_pool max_pool_with_indices max_unpool min_pool"
    ),
    "sources.onnx.write.window.unfold": "fold unfold window_view",
}

FUNCTIONS = {
    "functions.algebra": (
        "cholesky det eigh eigvalsh fft ifft inv irfft qr rfft slogdet solve solve_triangular svd svdvals"
    ),
    "functions.contract.attention": "scaled_dot_product_attention",
    "functions.contract.einsum": "einsum",
    "functions.contract.products": "matmul",
    "functions.loss": (
        "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy huber_loss kl_div l1_loss mse_loss "
        "nll_loss smooth_l1_loss"
    ),
    "functions.move.copies": (
        "arange as_strided channel_shuffle copy detach diag_embed diagonal diagonal_scatter flip full full_like "
        "one_hot ones_like pad pixel_shuffle pixel_unshuffle repeat repeat_interleave roll rot90 slice_scatter tril "
        "triu zeros_like"
    ),
    "functions.move.index": (
        "gather gather_nd index index_add index_copy index_put index_select masked_scatter scatter scatter_add "
        "scatter_nd scatter_reduce"
    ),
    "functions.move.layout": "expand flatten permute reshape squeeze transpose unsqueeze",
    "functions.move.slicing": "chunk concat narrow split stack",
    "functions.norm.local_response_norm": "local_response_norm",
    "functions.norm.softmax": "log_softmax softmax",
    "functions.order": "argsort kthvalue max min mode nms nonzero searchsorted sort topk unique unique_consecutive",
    "functions.plain": (
        "abs acos acosh asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_not bitwise_or "
        "bitwise_right_shift bitwise_xor ceil celu copysign cos cosh elu erf exp exp2 expm1 floor floor_divide fmod "
        "gelu hardshrink hardsigmoid hardswish isfinite isinf isnan leaky_relu log log10 log1p log2 logaddexp "
        "logical_and logical_not logical_or logical_xor maximum minimum mish neg reciprocal relu relu6 remainder round "
        "rsqrt selu sigmoid sign silu sin sinh softplus softshrink softsign sqrt square tan tanh tanhshrink threshold "
        "trunc"
    ),
    "functions.pointwise.arithmetic": "add div mul pow rdiv rsub sub",
    "functions.pointwise.blend": "addcdiv addcmul lerp",
    "functions.pointwise.bounds": "cast clamp hardtanh",
    "functions.pointwise.compare": "eq ge gt le lt ne where",
    "functions.pointwise.complex": "complex conj view_as_complex view_as_real",
    "functions.pointwise.gate": "glu logsigmoid",
    "functions.pointwise.masking": "masked_fill",
    "functions.pointwise.special": (
        "deg2rad entr erfc fmax fmin frac heaviside hypot isneginf isposinf ldexp logaddexp2 logit nan_to_num polar "
        "rad2deg signbit sinc xlog1py xlogy"
    ),
    "functions.quantize": "dequantize fake_quantize quantize",
    "functions.random": "rand_like randn_like",
    "functions.reduce": (
        "all amax amin aminmax any argmax argmin count_nonzero cummax cummin cumprod cumsum logcumsumexp logsumexp "
        "mean prod std std_mean sum var var_mean vector_norm"
    ),
    "functions.sample": "grid_sample interpolate roi_align roi_pool",
    "functions.window.adaptive_pool": (
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
        "adaptive_max_pool3d global_avg_pool global_max_pool"
    ),
    "functions.window.pool": "max_pool1d max_pool2d max_pool3d min_pool2d",
    "functions.window.pool_average": "avg_pool1d avg_pool2d avg_pool3d lp_pool1d lp_pool2d lp_pool3d",
    "functions.window.pool_indices": (
        "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices max_unpool2d"
    ),
    "functions.window.unfold": "fold unfold window_view",
    "sources.build.contract.attention": "multi_head_attention",
    "sources.build.contract.conv": "conv1d conv2d conv3d",
    "sources.build.contract.conv_transpose": "conv_transpose1d conv_transpose2d conv_transpose3d",
    "sources.build.contract.deform_conv": "deform_conv2d",
    "sources.build.contract.products": "bilinear linear",
    "sources.build.core": "Place Symbol call scope",
    "sources.build.describe": "graph",
    "sources.build.move.embed": "embedding",
    "sources.build.move.embedding_bag": "embedding_bag",
    "sources.build.norm.batch_norm": "batch_norm",
    "sources.build.norm.group_norm": "group_norm instance_norm",
    "sources.build.norm.layer_norm": "layer_norm rms_norm",
    "sources.build.parameters": "parameter size_of",
    "sources.build.pointwise": "prelu",
    "sources.build.random": "dropout",
    "sources.build.recurrent": "gru lstm rnn",
}


def homes(table: dict[str, str]) -> dict[str, str]:
    """Name to module.

    >>> homes({"ops.contract.linear": "linear"})
    {'linear': 'netweight.ops.contract.linear'}
    """
    return {name: f"netweight.{home}" for home, names in table.items() for name in names.split()}
