#!/usr/bin/env bash
# Runs firmware.elf in QEMU; the exit code is the firmware's.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<'HELP'
usage: ./run

Runs firmware.elf on the board that it was exported for, in QEMU (Debian: qemu-system-arm). With -icount every instruction
takes one nanosecond of the board's time, so that two runs give the same clocks.

example: ./build && ./run
HELP
  exit 0
fi

cd "$(dirname "$0")"
. ./board.sh
command -v qemu-system-arm >/dev/null || { echo "run: qemu-system-arm is not installed" >&2; exit 69; }
exec qemu-system-arm -M "$QEMU_MACHINE" -display none -monitor none -serial none -icount shift=0 \
  -chardev stdio,id=text -semihosting-config enable=on,target=native,chardev=text -kernel firmware.elf </dev/null
