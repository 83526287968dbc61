"""Which file has the rules of which operators: only the files that a model needs are imported."""

HOMES = {
    "activation": (
        "Celu Elu Gelu HardSigmoid HardSwish LeakyRelu Mish PRelu Relu Selu Shrink Sigmoid Softplus Softsign "
        "Swish Tanh ThresholdedRelu"
    ),
    "attention": "Attention LinearAttention RotaryEmbedding SwiGLU ai.onnx.preview.FlexAttention",
    "cast": "BitCast Cast CastLike",
    "chance": "Bernoulli Dropout RandomNormal RandomNormalLike RandomUniform RandomUniformLike",
    "contract": "Det Einsum TfIdfVectorizer",
    "control": "If Loop Scan SequenceMap",
    "conv": "CausalConvWithState Conv ConvTranspose DeformConv Gemm MatMul com.microsoft.CausalConvWithState",
    "elementwise": (
        "Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor "
        "Ceil Clip Cos Cosh Div Equal Erf Exp Floor Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Log "
        "Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Round Sign Sin Sinh Sqrt Sub Sum Tan Where Xor"
    ),
    "found": "Compress MaxRoiPool NonMaxSuppression NonZero RoiAlign TopK Unique",
    "index": ("Gather GatherElements GatherND OneHot ReverseSequence Scatter ScatterElements ScatterND TensorScatter"),
    "loss": "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
    "microsoft": (
        "SimplifiedLayerNormalization com.microsoft.BiasAdd com.microsoft.BiasGelu "
        "com.microsoft.EmbedLayerNormalization com.microsoft.FastGelu com.microsoft.FusedConv "
        "com.microsoft.FusedGemm com.microsoft.FusedMatMul com.microsoft.FusedMatMulActivation "
        "com.microsoft.Gelu com.microsoft.NhwcConv com.microsoft.NhwcFusedConv com.microsoft.NhwcMaxPool "
        "com.microsoft.QuickGelu com.microsoft.SimplifiedLayerNormalization "
        "com.microsoft.SkipLayerNormalization com.microsoft.SkipSimplifiedLayerNormalization "
        "com.microsoft.TransposeMatMul"
    ),
    "microsoft_attention": (
        "com.microsoft.Attention com.microsoft.GroupQueryAttention com.microsoft.MultiHeadAttention "
        "com.microsoft.QAttention com.microsoft.RotaryEmbedding"
    ),
    "microsoft_experts": "com.microsoft.MoE com.microsoft.QMoE",
    "microsoft_quantized": (
        "com.microsoft.DynamicQuantizeMatMul com.microsoft.GatherBlockQuantized "
        "com.microsoft.MatMulIntegerToFloat com.microsoft.MatMulNBits com.microsoft.QGemm "
        "com.microsoft.QLinearAdd com.microsoft.QLinearAveragePool com.microsoft.QLinearConcat "
        "com.microsoft.QLinearConv com.microsoft.QLinearGlobalAveragePool com.microsoft.QLinearLeakyRelu "
        "com.microsoft.QLinearMul com.microsoft.QLinearReduceMean com.microsoft.QLinearSigmoid "
        "com.microsoft.QLinearSoftmax"
    ),
    "norm": (
        "BatchNormalization GroupNormalization InstanceNormalization LRN LayerNormalization LpNormalization "
        "MeanVarianceNormalization RMSNormalization"
    ),
    "pool": "AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool MaxUnpool",
    "quantized": (
        "ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul "
        "QuantizeLinear com.microsoft.DequantizeLinear com.microsoft.QuantizeLinear"
    ),
    "rearrange": "CenterCropPad Col2Im DepthToSpace Expand Pad Slice SpaceToDepth Split Tile Trilu",
    "recurrent": "GRU LSTM RNN com.microsoft.DynamicQuantizeLSTM",
    "reduce": (
        "ArgMax ArgMin CumProd CumSum ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean "
        "ReduceMin ReduceProd ReduceSum ReduceSumSquare"
    ),
    "resize": "AffineGrid GridSample Resize Upsample",
    "sequence": (
        "ConcatFromSequence Optional OptionalGetElement OptionalHasElement SequenceAt SequenceConstruct "
        "SequenceEmpty SequenceErase SequenceInsert SequenceLength SplitToSequence"
    ),
    "shape": (
        "Concat Constant ConstantOfShape EyeLike Flatten Identity Range Reshape Shape Size Squeeze Transpose Unsqueeze"
    ),
    "signal": "BlackmanWindow DFT HammingWindow HannWindow MelWeightMatrix STFT",
    "softmax": "Hardmax LogSoftmax Softmax",
}
"""Names of operators by file, those of other domains with the domain before them."""
