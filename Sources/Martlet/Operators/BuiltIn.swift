/// Every operator that this library has, one a line. A firmware names only the ones that its network uses.
public typealias Every = Empty
  .And<Conv2D>
  .And<DepthwiseConv2D>
  .And<FullyConnected>
  .And<MaxPool2D>
  .And<AveragePool2D>
  .And<Add>
  .And<Multiply>
  .And<Activation>
  .And<Softmax>
  .And<Concat>
  .And<Slice>
  .And<Pad>
  .And<Transpose>
  .And<Maximum>
  .And<Minimum>
  .And<Subtract>
  .And<DepthToSpace>
  .And<SpaceToDepth>
  .And<Resize>
  .And<LogSoftmax>
  .And<Divide>
  .And<GroupNormalization>
  .And<LocalResponseNormalization>
  .And<LpPool>
  .And<LpNormalization>
  .And<TopK>
