import Graph

/// Everything that is done to a network before calibration: clean, fold, fuse. What it computes stays the same.
/// - Parameters:
///   - graph: the network, as it was imported.
///   - fusesResiduals: whether additions move into convolutions, which have no int16 form then.
/// - Throws: `GraphError` naming the layer that cannot be brought into this form.
public func simplify(_ graph: inout Graph, fusesResiduals: Bool = true) throws(GraphError) {
  try clean(&graph)
  try fusePadding(&graph)
  try foldBatchNormalizations(&graph)
  try clean(&graph)
  try fuseClamps(&graph)
  if fusesResiduals { try fuseResiduals(&graph) }
  try fuseClamps(&graph)
  removeDeadNodes(&graph)
}
