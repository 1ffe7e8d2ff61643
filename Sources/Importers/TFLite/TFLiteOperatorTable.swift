import Graph

/// Translates one operator: what each of its outputs stands for.
typealias TFLiteHandler =
  @Sendable (inout TFLiteTranslator, TFLiteNode) throws(Unsupported) -> [TFLiteOperand]

/// Every TFLite operator that can be imported. A new one is one line here.
let tfliteOperatorTable: [String: TFLiteHandler] = [
  "ABS": function(.absolute),
  "ADD": TFLiteTranslator.add,
  "AVERAGE_POOL_2D": TFLiteTranslator.averagePool,
  "CEIL": function(.ceiling),
  "CONCATENATION": TFLiteTranslator.concatenation,
  "CONV_2D": TFLiteTranslator.convolution,
  "DEPTHWISE_CONV_2D": TFLiteTranslator.depthwiseConvolution,
  "DEQUANTIZE": TFLiteTranslator.dequantize,
  "DIV": TFLiteTranslator.divide,
  "ELU": function(.elu(alpha: 1)),
  "EXP": function(.exponential),
  "EXPAND_DIMS": TFLiteTranslator.expandDimensions,
  "FLOOR": function(.floor),
  "FULLY_CONNECTED": TFLiteTranslator.fullyConnected,
  "GELU": TFLiteTranslator.gelu,
  "HARD_SWISH": function(.hardSwish),
  "L2_NORMALIZATION": TFLiteTranslator.l2Normalization,
  "L2_POOL_2D": TFLiteTranslator.l2Pool,
  "LEAKY_RELU": TFLiteTranslator.leakyRelu,
  "LOCAL_RESPONSE_NORMALIZATION": TFLiteTranslator.localResponseNormalization,
  "LOG": function(.logarithm),
  "LOGISTIC": function(.sigmoid),
  "MAXIMUM": TFLiteTranslator.maximum,
  "MAX_POOL_2D": TFLiteTranslator.maxPool,
  "MEAN": TFLiteTranslator.mean,
  "MINIMUM": TFLiteTranslator.minimum,
  "MIRROR_PAD": TFLiteTranslator.mirrorPad,
  "MUL": TFLiteTranslator.multiply,
  "NEG": function(.negative),
  "PACK": TFLiteTranslator.pack,
  "PAD": TFLiteTranslator.pad,
  "PADV2": TFLiteTranslator.pad,
  "QUANTIZE": TFLiteTranslator.quantize,
  "RELU": function(.relu),
  "RELU6": function(.clip(low: 0, high: 6)),
  "RELU_0_TO_1": function(.clip(low: 0, high: 1)),
  "RELU_N1_TO_1": function(.clip(low: -1, high: 1)),
  "RESHAPE": TFLiteTranslator.reshape,
  "RESIZE_BILINEAR": TFLiteTranslator.resizeBilinear,
  "RESIZE_NEAREST_NEIGHBOR": TFLiteTranslator.resizeNearest,
  "ROUND": function(.round),
  "SHAPE": TFLiteTranslator.shapeOf,
  "SIGN": function(.sign),
  "SLICE": TFLiteTranslator.slice,
  "SOFTMAX": TFLiteTranslator.softmax,
  "SPLIT": TFLiteTranslator.split,
  "SQRT": function(.squareRoot),
  "SQUEEZE": TFLiteTranslator.squeeze,
  "STRIDED_SLICE": TFLiteTranslator.stridedSlice,
  "SUB": TFLiteTranslator.subtract,
  "TANH": function(.tanh),
  "TRANSPOSE": TFLiteTranslator.transpose,
]

/// An operator that is a function of one argument.
private func function(_ function: Activation.Function) -> TFLiteHandler {
  { (translator, node) throws(Unsupported) in
    try translator.finish(Activation(function), [try translator.activation(node, 0)], node)
  }
}
