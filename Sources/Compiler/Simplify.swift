import Graph

/// Everything that is done to a network before calibration: clean, fold, fuse. What it computes stays the same.
/// - Throws: `GraphError` naming the layer that cannot be brought into this form.
public func simplify(_ graph: inout Graph) throws(GraphError) {
  try clean(&graph)
  try fusePadding(&graph)
  try foldBatchNormalizations(&graph)
  try clean(&graph)
  try fuseClamps(&graph)
  try fuseResiduals(&graph)
  try fuseClamps(&graph)
  removeDeadNodes(&graph)
}
