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
  "Abs": OperatorEntry(constants: foldAbsolute),
  "Add": OperatorEntry(network: importAdd, constants: foldAdd),
  "And": OperatorEntry(constants: foldAnd),
  "AveragePool": OperatorEntry(network: importAveragePool),
  "BatchNormalization": OperatorEntry(network: importBatchNormalization),
  "Cast": OperatorEntry(network: importCast, constants: foldCast),
  "Ceil": OperatorEntry(constants: foldCeil),
  "Clip": OperatorEntry(network: importClip),
  "Concat": OperatorEntry(network: importConcat, constants: foldConcat),
  "Constant": OperatorEntry(constants: foldConstant),
  "ConstantOfShape": OperatorEntry(constants: foldConstantOfShape),
  "Conv": OperatorEntry(network: importConvolution),
  "Div": OperatorEntry(network: importDivide, constants: foldDivide),
  "Dropout": OperatorEntry(network: importIdentity, constants: importIdentity),
  "Equal": OperatorEntry(constants: foldEqual),
  "Expand": OperatorEntry(constants: foldExpand),
  "Flatten": OperatorEntry(network: importFlatten, constants: foldFlatten),
  "Floor": OperatorEntry(constants: foldFloor),
  "Gather": OperatorEntry(network: importGather, constants: foldGather),
  "Gemm": OperatorEntry(network: importGemm),
  "GlobalAveragePool": OperatorEntry(network: importGlobalAveragePool),
  "GlobalMaxPool": OperatorEntry(network: importGlobalMaxPool),
  "Greater": OperatorEntry(constants: foldGreater),
  "HardSigmoid": OperatorEntry(network: importHardSigmoid),
  "HardSwish": OperatorEntry(network: importHardSwish),
  "Identity": OperatorEntry(network: importIdentity, constants: importIdentity),
  "LeakyRelu": OperatorEntry(network: importLeakyRelu),
  "Less": OperatorEntry(constants: foldLess),
  "MatMul": OperatorEntry(network: importMatMul),
  "Max": OperatorEntry(network: elementwise(Maximum(), withConstant: importMax), constants: foldMaximum),
  "MaxPool": OperatorEntry(network: importMaxPool),
  "Min": OperatorEntry(network: importMin, constants: foldMinimum),
  "Mul": OperatorEntry(network: importMultiply, constants: foldMultiply),
  "Neg": OperatorEntry(network: importNegation, constants: foldNegation),
  "Not": OperatorEntry(constants: foldNot),
  "Or": OperatorEntry(constants: foldOr),
  "PRelu": OperatorEntry(network: importPRelu),
  "Pad": OperatorEntry(network: importPad),
  "Range": OperatorEntry(constants: foldRange),
  "ReduceMax": OperatorEntry(network: importReduceMax),
  "ReduceMean": OperatorEntry(network: importReduceMean),
  "ReduceProd": OperatorEntry(constants: foldReduceProduct),
  "Relu": OperatorEntry(network: importRelu),
  "Reshape": OperatorEntry(network: importReshape, constants: foldReshape),
  "Shape": OperatorEntry(network: importShape, constants: foldShape),
  "Sigmoid": OperatorEntry(network: importSigmoid),
  "Size": OperatorEntry(network: importSize, constants: foldSize),
  "Slice": OperatorEntry(network: importSlice, constants: foldSlice),
  "Softmax": OperatorEntry(network: importSoftmax),
  "Split": OperatorEntry(network: importSplit),
  "Sqrt": OperatorEntry(constants: foldSquareRoot),
  "Squeeze": OperatorEntry(network: importSqueeze, constants: foldSqueeze),
  "Sub": OperatorEntry(network: importSubtract, constants: foldSubtract),
  "Sum": OperatorEntry(network: importSum, constants: importSum),
  "Tanh": OperatorEntry(network: importTanh),
  "Transpose": OperatorEntry(network: importTranspose, constants: foldTranspose),
  "Unsqueeze": OperatorEntry(network: importUnsqueeze, constants: foldUnsqueeze),
  "Where": OperatorEntry(constants: foldWhere),
]
