# Instrumented builds: sanitizers, coverage, test hooks.
add_library(svc_sanitizers INTERFACE)

if(SVC_SANITIZE)
    target_compile_options(svc_sanitizers INTERFACE
        -fsanitize=${SVC_SANITIZE}         # address: memory errors and leaks; undefined: undefined behaviour
        -fno-sanitize-recover=all          # the first finding ends the program: a test cannot overlook it
        -fno-omit-frame-pointer            # readable backtraces
        -O1)                               # fast enough for a whole test run, still debuggable
    target_link_options(svc_sanitizers INTERFACE -fsanitize=${SVC_SANITIZE})
endif()
if(SVC_COVERAGE)
    target_compile_options(svc_sanitizers INTERFACE --coverage -O0) # every line and branch as written
    target_link_options(svc_sanitizers INTERFACE --coverage)
endif()
if(SVC_TEST_HOOKS)
    target_compile_definitions(svc_sanitizers INTERFACE
        ARENA_EMULATE=1                    # one malloc per allocation, so that ASan sees an overrun into the neighbour
        TEST_HOOKS=1)                      # fault points, compiled out of a release
endif()
