# Sourced by scripts that call Swift's package manager, which leaves three empty folders in TMPDIR whenever it starts: here they,
# and all else that the script and what it calls leave there, go when the script ends.
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf -- "${TMPDIR:?}"' EXIT
