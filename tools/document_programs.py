"""Whole programs around the fragments of C, Swift and Python that the documents show."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
C = """#include <martlet.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  FILE *file = fopen("network.martlet", "rb");
  static _Alignas(64) unsigned char model[1 << 22];
  size_t model_bytes = fread(model, 1, sizeof model, file), image_count = 32 * 32 * 3, score_count = 1000;
  float *image = calloc(image_count, sizeof *image), *scores = calloc(score_count, sizeof *scores);
  if (!file || !image || !scores) return 2;
%s
  return (int)fault.code;
}
"""
SWIFT = """import Foundation
%s
func aligned(_ count: Int) -> UnsafeMutableRawBufferPointer { .allocate(byteCount: count, alignment: 64) }
func answer() throws {
  let file = try Data(contentsOf: URL(fileURLWithPath: "network.martlet"))
  let memory = aligned(file.count)
  memory.copyBytes(from: file)
  let bytes = UnsafeRawBufferPointer(memory)
  let arena = aligned(1 << 22)
  let photo = [UInt8](repeating: 100, count: 32 * 32 * 3)
%s
  guard scores.contains(where: { $0 != 0 }) else { fatalError("no answer") }
}
try answer()
"""
PYTHON = """import numpy
photo = numpy.full((32, 32, 3), 100, numpy.uint8)
%s
"""


def write(block, folder):
    """Writes the program of a block into a folder and returns the shell command that builds and runs it, with what that
    command needs to be there."""
    library = ROOT / ".build/c-library"
    debug = ROOT / ".build/debug"
    if block.language == "c":
        (folder / "fragment.c").write_text(C % block.text)
        command = (f"${{CC:-cc}} -std=c11 -Wall -Werror -I'{library}' fragment.c '{library}/libmartlet.a' -o fragment "
                   "&& ./fragment")
        return command, library / "libmartlet.a"
    if block.language == "python":
        (folder / "fragment.py").write_text(PYTHON % block.text)
        command = (f"MARTLET_LIBRARY='{library}/libmartlet.so' PYTHONPATH='{ROOT}/tools/python' "
                   "${PYTHON:-python3} fragment.py")
        return command, library / "libmartlet.so"
    lines = block.text.splitlines()
    imports = [line for line in lines if line.startswith("import ")]
    body = [line for line in lines if not line.startswith("import ")]
    (folder / "main.swift").write_text(SWIFT % ("\n".join(imports), "\n".join(body)))
    command = (f"swiftc -swift-version 6 -enable-experimental-feature Lifetimes -I '{debug}/Modules' "
               f"-Xcc -fmodule-map-file='{debug}/CShim.build/module.modulemap' main.swift '{debug}'/Martlet.build/*.o "
               f"$(find '{debug}/CShim.build' -name '*.o') -o fragment && ./fragment")
    return command, debug / "Modules/Martlet.swiftmodule"
