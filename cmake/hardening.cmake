# Hardening of what is deployed. Proven by looking at the binary, not by trusting this list.
add_library(svc_hardening INTERFACE)

if(SVC_HARDEN)
    svc_add_flags(svc_hardening FLAGS
        -O2                                # fortified functions need optimisation
        -U_FORTIFY_SOURCE                  # some distributions preset a lower level
        -D_FORTIFY_SOURCE=3                # bounds checks in libc calls, also for sizes known only at run time
        -fstack-protector-strong           # a canary in front of the return address
        -fstack-clash-protection           # no jumping over a stack's guard page
        -fcf-protection=full               # x86: indirect branches land on endbr64 only, shadow stack for returns
        -ftrivial-auto-var-init=zero       # a forgotten initialisation leaks nothing
        -fzero-call-used-regs=used-gpr     # fewer gadgets and leftovers in registers
        -fno-delete-null-pointer-checks    # keep checks the optimiser believes it can prove away
        -fno-strict-overflow               # signed overflow wraps instead of removing code
        -fno-strict-aliasing               # type punning by mistake does not remove code
        -fstrict-flex-arrays=3             # only [] is a flexible array, so fixed arrays are checked
        -fexceptions                       # unwind tables: cleanups run, backtraces work
        -fPIE)                             # code for address randomisation
    svc_add_flags(svc_hardening LINK FLAGS
        -pie                               # load address chosen at random
        -Wl,-z,relro                       # relocation tables become read-only
        -Wl,-z,now                         # all of them, before main()
        -Wl,-z,noexecstack                 # no code on stacks
        -Wl,--as-needed)                   # load only libraries that are used
endif()
