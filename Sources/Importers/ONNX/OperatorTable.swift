import Graph

/// Translates one node: what each of its outputs stands for.
typealias NodeHandler = @Sendable (inout Translator, NodeArguments) throws(Unsupported) -> [Operand]

/// How one ONNX operator is imported.
struct OperatorEntry: Sendable {
  /// Where an input is an activation.
  var network: NodeHandler?
  /// Where all inputs are constants.
  var constants: NodeHandler?
}

/// Every ONNX operator that can be imported. A new one is one line here.
let operatorTable: [String: OperatorEntry] = [
  "Abs": OperatorEntry(network: function(.absolute), constants: foldAbsolute),
  "Add": OperatorEntry(network: importAdd, constants: foldAdd),
  "And": OperatorEntry(constants: foldAnd),
  "AveragePool": OperatorEntry(network: importAveragePool),
  "BatchNormalization": OperatorEntry(network: importBatchNormalization),
  "Cast": OperatorEntry(network: importCast, constants: foldCast),
  "Ceil": OperatorEntry(network: function(.ceiling), constants: foldCeil),
  "Celu": OperatorEntry(network: function { .celu(alpha: $0.float("alpha", default: 1)) }),
  "Clip": OperatorEntry(network: importClip),
  "Concat": OperatorEntry(network: importConcat, constants: foldConcat),
  "Constant": OperatorEntry(constants: foldConstant),
  "ConstantOfShape": OperatorEntry(constants: foldConstantOfShape),
  "Conv": OperatorEntry(network: importConvolution),
  "ConvTranspose": OperatorEntry(network: importTransposedConvolution),
  "DepthToSpace": OperatorEntry(network: importDepthToSpace),
  "Div": OperatorEntry(network: importDivide, constants: foldDivide),
  "Dropout": OperatorEntry(network: importIdentity, constants: importIdentity),
  "Elu": OperatorEntry(network: function { .elu(alpha: $0.float("alpha", default: 1)) }),
  "Equal": OperatorEntry(constants: foldEqual),
  "Erf": OperatorEntry(network: function(.errorFunction)),
  "Exp": OperatorEntry(network: function(.exponential)),
  "Expand": OperatorEntry(constants: foldExpand),
  "Flatten": OperatorEntry(network: importFlatten, constants: foldFlatten),
  "Floor": OperatorEntry(network: function(.floor), constants: foldFloor),
  "Gather": OperatorEntry(network: importGather, constants: foldGather),
  "Gelu": OperatorEntry(network: function { $0.text("approximate") == "tanh" ? .geluTanh : .gelu }),
  "Gemm": OperatorEntry(network: importGemm),
  "GlobalAveragePool": OperatorEntry(network: importGlobalAveragePool),
  "GlobalMaxPool": OperatorEntry(network: importGlobalMaxPool),
  "Greater": OperatorEntry(constants: foldGreater),
  "HardSigmoid": OperatorEntry(
    network: function { .hardSigmoid(alpha: $0.float("alpha", default: 0.2), beta: $0.float("beta", default: 0.5)) }),
  "HardSwish": OperatorEntry(network: function(.hardSwish)),
  "Identity": OperatorEntry(network: importIdentity, constants: importIdentity),
  "LeakyRelu": OperatorEntry(network: function { .leakyRelu(slope: $0.float("alpha", default: 0.01)) }),
  "Less": OperatorEntry(constants: foldLess),
  "Log": OperatorEntry(network: function(.logarithm)),
  "LogSoftmax": OperatorEntry(network: softmax(LogSoftmax())),
  "MatMul": OperatorEntry(network: importMatMul),
  "Max": OperatorEntry(network: elementwise(Maximum(), withConstant: importMax), constants: foldMaximum),
  "MaxPool": OperatorEntry(network: importMaxPool),
  "Min": OperatorEntry(network: elementwise(Minimum(), withConstant: importMin), constants: foldMinimum),
  "Mish": OperatorEntry(network: function(.mish)),
  "Mul": OperatorEntry(network: importMultiply, constants: foldMultiply),
  "Neg": OperatorEntry(network: importNegation, constants: foldNegation),
  "Not": OperatorEntry(constants: foldNot),
  "Or": OperatorEntry(constants: foldOr),
  "PRelu": OperatorEntry(network: importPRelu),
  "Pad": OperatorEntry(network: importPad),
  "Pow": OperatorEntry(network: importPower),
  "Range": OperatorEntry(constants: foldRange),
  "Reciprocal": OperatorEntry(network: function(.reciprocal)),
  "ReduceL1": OperatorEntry(network: reduction(.absoluteSum)),
  "ReduceL2": OperatorEntry(network: reduction(.euclidean)),
  "ReduceLogSum": OperatorEntry(network: reduction(.logarithmOfSum)),
  "ReduceLogSumExp": OperatorEntry(network: reduction(.logarithmOfExponentials)),
  "ReduceMax": OperatorEntry(network: reduction(.maximum)),
  "ReduceMean": OperatorEntry(network: reduction(.mean)),
  "ReduceMin": OperatorEntry(network: reduction(.minimum)),
  "ReduceProd": OperatorEntry(constants: foldReduceProduct),
  "ReduceSum": OperatorEntry(network: reduction(.sum)),
  "ReduceSumSquare": OperatorEntry(network: reduction(.squareSum)),
  "Relu": OperatorEntry(network: function(.relu)),
  "Reshape": OperatorEntry(network: importReshape, constants: foldReshape),
  "Resize": OperatorEntry(network: importResize),
  "Round": OperatorEntry(network: function(.round)),
  "Selu": OperatorEntry(
    network: function {
      .selu(alpha: $0.float("alpha", default: 1.6732632), gamma: $0.float("gamma", default: 1.0507010))
    }),
  "Shape": OperatorEntry(network: importShape, constants: foldShape),
  "Shrink": OperatorEntry(
    network: function { .shrink(bias: $0.float("bias", default: 0), threshold: $0.float("lambd", default: 0.5)) }),
  "Sigmoid": OperatorEntry(network: function(.sigmoid)),
  "Sign": OperatorEntry(network: function(.sign)),
  "Size": OperatorEntry(network: importSize, constants: foldSize),
  "Slice": OperatorEntry(network: importSlice, constants: foldSlice),
  "Softmax": OperatorEntry(network: softmax(Softmax())),
  "Softplus": OperatorEntry(network: function(.softplus)),
  "Softsign": OperatorEntry(network: function(.softsign)),
  "SpaceToDepth": OperatorEntry(network: importSpaceToDepth),
  "Split": OperatorEntry(network: importSplit),
  "Sqrt": OperatorEntry(network: function(.squareRoot), constants: foldSquareRoot),
  "Squeeze": OperatorEntry(network: importSqueeze, constants: foldSqueeze),
  "Sub": OperatorEntry(network: importSubtract, constants: foldSubtract),
  "Sum": OperatorEntry(network: importSum, constants: importSum),
  "Tanh": OperatorEntry(network: function(.tanh)),
  "ThresholdedRelu": OperatorEntry(network: function { .thresholdedRelu(alpha: $0.float("alpha", default: 1)) }),
  "Transpose": OperatorEntry(network: importTranspose, constants: foldTranspose),
  "Unsqueeze": OperatorEntry(network: importUnsqueeze, constants: foldUnsqueeze),
  "Upsample": OperatorEntry(network: importUpsample),
  "Where": OperatorEntry(constants: foldWhere),
]
