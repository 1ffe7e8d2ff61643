/// What a simulation of rows looks up again and again, in flat memory.
final class RowTables {
  /// A step that reads a storage: where its needs begin in `begins` and `ends`, of as many elements as it has rows.
  struct Need {
    var step: Int
    var storage: Int
    var first: Int
    var height: Int
  }

  /// All readers of a storage lie one after the other in `readers`, all operands of a step in `operands`.
  let readers: [Need]
  let firstReader: [Int]
  let operands: [Need]
  let firstOperand: [Int]
  /// Steps that write a storage; −1 stands for the caller, who may push the first input.
  let writers: [Int]
  let firstWriter: [Int]
  /// For each output row of a reader, the first row that it or any later one needs.
  let begins: UnsafeMutableBufferPointer<Int32>
  /// For each output row of a reader, one past the last row that it or any earlier one needs.
  let ends: UnsafeMutableBufferPointer<Int32>

  init(_ network: RowNetwork) {
    var count = 0
    var readers: [Need] = []
    var (firstReader, firstWriter, writers) = ([0], [0], [Int]())
    for (index, storage) in network.storages.enumerated() {
      for reader in storage.readers {
        readers.append(Need(step: reader.step, storage: index, first: count, height: reader.begins.count))
        count += reader.begins.count
      }
      firstReader.append(readers.count)
      writers += (index == network.firstInput ? [-1] : []) + storage.writers
      firstWriter.append(writers.count)
    }
    begins = .allocate(capacity: count)
    ends = .allocate(capacity: count)
    var place = 0
    for storage in network.storages {
      for reader in storage.readers {
        for row in reader.begins.indices {
          begins.initializeElement(at: place, to: Int32(reader.begins[row]))
          ends.initializeElement(at: place, to: Int32(reader.ends[row]))
          place += 1
        }
      }
    }
    var (operands, firstOperand) = ([Need](), [0])
    for step in network.steps {
      for (storage, reader) in step.operands { operands.append(readers[firstReader[storage] + reader]) }
      firstOperand.append(operands.count)
    }
    (self.readers, self.firstReader) = (readers, firstReader)
    (self.operands, self.firstOperand) = (operands, firstOperand)
    (self.writers, self.firstWriter) = (writers, firstWriter)
  }

  deinit {
    begins.deallocate()
    ends.deallocate()
  }
}
