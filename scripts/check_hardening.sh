#!/bin/sh
# Looks at a program whether the hardening flags had their effect: scripts/check_hardening.sh PROGRAM
set -eu
program=$1
failed=0

has() {
    printf '%s\n' "$facts" | grep -Eq "$1"
}

fail() {
    echo "$program: $1"
    failed=1
}

facts=$(readelf --wide --file-header --segments --dynamic --dyn-syms "$program")
has 'Type:.*DYN' || fail "load address is not random (no PIE)"
has 'GNU_RELRO' || fail "relocation tables stay writable (no RELRO)"
has 'BIND_NOW|FLAGS_1.*NOW' || fail "symbols are bound late (no BIND_NOW)"
has 'GNU_STACK.* RW ' || fail "stack is executable"
has '__stack_chk_fail' || fail "no stack protector"
has '__[a-z]+_chk@' || fail "no fortified function"
if has '(RPATH|RUNPATH)'; then
    fail "carries a library search path"
fi
if has 'Machine:.*X86-64'; then
    # The note in the file says nothing: the C runtime's start files have none, so the linker drops it.
    objdump --disassemble=main "$program" | grep -q endbr64 || fail "main() takes no indirect-branch protection"
fi
exit "$failed"
