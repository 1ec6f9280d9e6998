# Warnings for every target of ours. A flag the compiler does not know is left out (gcc and clang differ).
add_library(svc_warnings INTERFACE)

svc_add_flags(svc_warnings FLAGS
    -Wall                            # the usual mistakes
    -Wextra                          # and the less usual ones
    -Wshadow                         # an inner name that hides an outer one
    -Wconversion                     # a value that may change when it is converted
    -Wsign-conversion                # the same, by its sign only
    -Wstrict-prototypes              # f() that takes anything
    -Wmissing-prototypes             # a forgotten static, or a missing header
    -Wold-style-definition           # K&R parameters
    -Wwrite-strings                  # a literal passed as char *
    -Wcast-qual                      # a cast that drops const
    -Wformat=2                       # printf arguments and formats that are not literals
    -Wformat-security                # a format that comes from data
    -Wundef                          # a misspelt macro in #if
    -Wvla                            # stack size chosen at run time
    -Walloca                         # the same by hand
    -Wswitch-enum                    # a new enum value nobody handles
    -Wimplicit-fallthrough           # a forgotten break
    -Wnull-dereference               # a path on which the pointer is NULL
    -Wdouble-promotion               # float turned into double unnoticed
    -Wpointer-arith                  # arithmetic on void *
    -Wredundant-decls                # the same thing declared in two places
    -Wcast-align=strict              # gcc: a cast to a stricter alignment
    -Wformat-signedness              # gcc: %d for unsigned
    -Wduplicated-cond                # gcc: the same condition twice in an else-if chain
    -Wduplicated-branches            # gcc: both branches are the same
    -Wlogical-op                     # gcc: && where & was meant
    -Wtrampolines                    # gcc: code generated on the stack
    -Wbidi-chars=any                 # gcc: text that reads differently from how it compiles
    -Wmissing-variable-declarations  # clang, gcc 14: a forgotten static on a variable
    -Werror=implicit                 # always an error: an undeclared function
    -Werror=incompatible-pointer-types # always an error: the wrong pointer
    -Werror=int-conversion           # always an error: an integer used as a pointer
    -Werror=unused-result            # always an error: a failure nobody looked at
    -Wno-missing-field-initializers) # tables leave out what is zero

if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    svc_add_flags(svc_warnings FLAGS -Wcast-align) # clang's spelling of -Wcast-align=strict
endif()
if(SVC_WERROR)
    svc_add_flags(svc_warnings FLAGS -Werror) # on for people and CI, so that no warning is ever "known"
endif()

# For what runs on fibers, whose stacks are small. Instrumentation inflates frames.
add_library(svc_small_frames INTERFACE)
if(NOT SVC_SANITIZE AND NOT SVC_COVERAGE)
    svc_add_flags(svc_small_frames FLAGS -Wframe-larger-than=2048)
endif()
