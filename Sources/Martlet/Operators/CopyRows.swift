import CShim

/// Copies a window of values of the step's element size.
func copyRows(
  _ step: borrowing Step, _ window: inout martlet_window, _ input: inout martlet_rows, _ output: inout martlet_rows,
  _ rows: Range<Int32>, _ kernels: UnsafePointer<martlet_kernels>
) {
  if step.output.element == .int8 {
    martlet_copy_rows(kernels, &window, &input, &output, rows.lowerBound, rows.upperBound)
  } else {
    martlet_copy_wide_rows(
      step.output.elementBytes, &window, &input, &output, rows.lowerBound, rows.upperBound)
  }
}
