#!/usr/bin/env bash
# Builds firmware.elf: see --help.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<'HELP'
usage: ./build [--dsp | --scalar]

Compiles the runtime and Main.swift as Embedded Swift with allocations forbidden, the kernels and the start-up code with
clang, links firmware.elf with ld.lld, optimized as a whole, and prints its sizes. Needs the Swift toolchain alone.

  --dsp      on a processor with vectors (Helium), kernels with DSP instructions instead, for comparison
  --scalar   without the processor family's own kernels, for comparison

example: ./build && ./run
HELP
  exit 0
fi

cd "$(dirname "$0")"
. ./board.sh
kernels=()
case ${1:-} in
  --dsp) kernels=(-DMARTLET_WITHOUT_HELIUM) ;;
  --scalar) kernels=(-DMARTLET_SCALAR_ONLY) ;;
esac

swiftc=${SWIFTC:-$(command -v swiftc || true)}
[[ -n $swiftc ]] || { echo "build: swiftc is not in PATH; install the Swift toolchain" >&2; exit 69; }
tools=$(dirname "$(readlink -f "$swiftc")")
[[ -x $tools/clang ]] || tools=$(dirname "$swiftc")
rm -rf objects
mkdir -p objects

c_flags=(--target="$CLANG_TARGET" "${CPU_FLAGS[@]}" -std=gnu17 -ffreestanding -ffp-contract=off -fno-math-errno
  -ffunction-sections -fdata-sections -Wall -Wextra -Imartlet/CShim/include -I. "${kernels[@]}")
for file in martlet/CShim/*.c; do
  name=$(basename "$file" .c)
  case $name in
    arm_* | scalar) level=-Os ;;  # the kernels
    *) level=-Oz ;;               # what calls them
  esac
  "$tools/clang" "${c_flags[@]}" $level -flto -c "$file" -o "objects/$name.o"
done
for file in startup support memory; do
  "$tools/clang" "${c_flags[@]}" -Oz -fno-builtin -fno-vectorize -c $file.c -o objects/$file.o
done
"$tools/clang" "${c_flags[@]}" -c network.S -o objects/network.o

echo 'module CShim { header "../martlet/CShim/include/CShim.h" export * }' >objects/CShim.modulemap
echo 'module CFirmware { header "../firmware.h" export * }' >objects/CFirmware.modulemap
swift_flags=(-target "$SWIFT_TARGET" -swift-version 6 -wmo -parse-as-library -Osize -no-allocations
  -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes
  -Xfrontend -function-sections -Xfrontend -disable-stack-protector -Xcc -ffreestanding
  -Xcc -fmodule-map-file=objects/CShim.modulemap -Xcc -fmodule-map-file=objects/CFirmware.modulemap)

swift_object() { # MODULE arguments…
  "$swiftc" "${swift_flags[@]}" -module-name "$1" "${@:2}" -emit-ir -o "objects/$1.ll"
  # Through text: the bitcode that swiftc itself writes lacks names that the linker asks for.
  "$tools/clang" --target="$CLANG_TARGET" "${CPU_FLAGS[@]}" -Wno-override-module -flto -Xclang -disable-llvm-passes \
    -c "objects/$1.ll" -o "objects/$1.o"
}
swift_object Martlet -emit-module -emit-module-path objects/Martlet.swiftmodule \
  $(find martlet/Sources/Martlet -name '*.swift' | sort)
swift_object Firmware -I objects Main.swift OperatorSet.swift

# Nothing here can allocate: there is no malloc, so that a reachable one would be an undefined symbol. Runtime and kernels are
# optimized together; what was not inlined before is inlined only where that makes the image smaller.
"$tools/ld.lld" -T link.ld --gc-sections --icf=all -mllvm -inline-threshold=0 objects/*.o -o firmware.elf \
  -Map objects/firmware.map

"$tools/llvm-objdump" --section-headers firmware.elf | awk '
  function bytes(hexadecimal,  value, place) {
    value = 0
    for (place = 1; place <= length(hexadecimal); place++)
      value = value * 16 + index("0123456789abcdef", substr(hexadecimal, place, 1)) - 1
    return value
  }
  $2 ~ /^\.(text|rodata|model|data|bss|stack|arena)$/ { size[substr($2, 2)] = bytes($3) }
  END {
    printf "flash: %d bytes of code, %d of constants, %d of model\n", size["text"], size["rodata"] + size["data"], size["model"]
    printf "RAM:   %d bytes of arena, %d of data, %d of stack\n", size["arena"], size["data"] + size["bss"], size["stack"]
  }'
