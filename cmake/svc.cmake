# The verbs of this project's build files:
#   svc_library(<name> SOURCES ... [SQL sql/x.sql ...] [TESTS x_test.c ...] [DEPENDS lib ...] [LIBS PkgConfig::X ...])
#   svc_app(<name> SOURCES ... DEPENDS lib ... [LIBS ...])
#   svc_embed(<target> SYMBOL <name> FILES ... [GZIP])
#   svc_migrations(<target> <product>)
#   svc_fiber_source(<file>)
include(flags)
include(warnings)
include(hardening)
include(sanitizers)

if(SVC_LTO)
    include(CheckIPOSupported)
    check_ipo_supported(RESULT SVC_LTO_SUPPORTED LANGUAGES C)
endif()

# What library, program and test have in common.
function(svc_target_defaults target)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/libs")
    target_link_libraries(${target} PRIVATE svc_warnings svc_hardening svc_sanitizers)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 17 C_STANDARD_REQUIRED ON C_EXTENSIONS ON
        INTERPROCEDURAL_OPTIMIZATION "${SVC_LTO_SUPPORTED}")
endfunction()

# A static library; DEPENDS is also what may be included (scripts/check_layers.py has the rule).
function(svc_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;SQL;TESTS;DEPENDS;LIBS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "svc_library(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    add_library(${name} STATIC ${arg_SOURCES})
    svc_target_defaults(${name})
    target_include_directories(${name} PUBLIC "${CMAKE_CURRENT_BINARY_DIR}/generated")
    target_link_libraries(${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_LIBS} svc_small_frames)
    if(arg_SQL)
        svc_embed_sql(${name} ${arg_SQL})
    endif()
    if(BUILD_TESTING)
        foreach(test IN LISTS arg_TESTS)
            svc_unit_test(${name} ${test})
        endforeach()
    endif()
endfunction()

# Statements as constants: "<lib>/sql.h" declares SQL_<file> for each and the list <lib>_sql.
function(svc_embed_sql name)
    list(TRANSFORM ARGN PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" OUTPUT_VARIABLE files)
    list(JOIN files "," joined)
    set(out "${CMAKE_CURRENT_BINARY_DIR}/generated/${name}")
    add_custom_command(
        OUTPUT "${out}/sql.c" "${out}/sql.h"
        COMMAND "${CMAKE_COMMAND}" -D LIB=${name} -D "FILES=${joined}" -D "OUT=${out}" -P "${PROJECT_SOURCE_DIR}/cmake/sql.cmake"
        DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/sql.cmake"
        COMMENT "Embedding the SQL of ${name}" VERBATIM)
    target_sources(${name} PRIVATE "${out}/sql.c" "${out}/sql.h")
endfunction()

# One executable a file: users_test.c of lib users is the test users.users.
function(svc_unit_test name file)
    get_filename_component(stem "${file}" NAME_WE)
    string(REGEX REPLACE "_test$" "" subject "${stem}")
    add_executable(${name}_${stem} "${file}")
    svc_target_defaults(${name}_${stem})
    target_link_libraries(${name}_${stem} PRIVATE ${name} PkgConfig::CHECK)
    add_test(NAME ${name}.${subject} COMMAND ${name}_${stem})
    # The default of libcheck, 4 s, is too short for a busy machine; both limits are for hangs only.
    set_tests_properties(${name}.${subject} PROPERTIES LABELS unit TIMEOUT 120
        ENVIRONMENT "UBSAN_OPTIONS=print_stacktrace=1;CK_DEFAULT_TIMEOUT=60")
endfunction()

# A program, in <build directory>/bin.
function(svc_app name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LIBS")
    add_executable(${name} ${arg_SOURCES})
    svc_target_defaults(${name})
    target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/generated")
    target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_LIBS} svc_small_frames)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
    install(TARGETS ${name} RUNTIME)
    if(BUILD_TESTING AND SVC_HARDEN)
        add_test(NAME ${name}.hardening COMMAND "${PROJECT_SOURCE_DIR}/scripts/check_hardening.sh" "$<TARGET_FILE:${name}>")
        set_tests_properties(${name}.hardening PROPERTIES LABELS style)
    endif()
endfunction()

# Files inside the binary: "<target>/<symbol>.h" declares const struct embed <symbol>[], one row a file in the given order, named
# by base name, ended by a zero row. GZIP compresses at build time (the row keeps the name without .gz; same input, same bytes).
function(svc_embed target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "GZIP" "SYMBOL" "FILES")
    set(symbol ${arg_SYMBOL})
    set(out "${CMAKE_CURRENT_BINARY_DIR}/generated/${target}")
    set(blobs "")
    set(rows "")
    set(payload "")
    foreach(file IN LISTS arg_FILES)
        get_filename_component(file "${file}" ABSOLUTE)
        get_filename_component(base "${file}" NAME)
        list(LENGTH blobs index)
        if(arg_GZIP)
            set(blob "${out}/${symbol}.${index}.gz")
            add_custom_command(OUTPUT "${blob}" COMMAND gzip -9 -n -c "${file}" > "${blob}" DEPENDS "${file}" VERBATIM)
        else()
            set(blob "${file}")
        endif()
        list(APPEND blobs "${blob}")
        string(APPEND rows "    .8byte .Lname${index}, .Ldata${index}, .Lend${index} - .Ldata${index}\n")
        string(APPEND payload ".Lname${index}: .asciz \"${base}\"\n    .balign 16\n"
            ".Ldata${index}: .incbin \"${blob}\"\n.Lend${index}: .byte 0\n")
    endforeach()
    configure_file("${PROJECT_SOURCE_DIR}/cmake/embed.h.in" "${out}/${symbol}.h" @ONLY)
    configure_file("${PROJECT_SOURCE_DIR}/cmake/embed.S.in" "${out}/${symbol}.S" @ONLY)
    set_source_files_properties("${out}/${symbol}.S" PROPERTIES OBJECT_DEPENDS "${blobs}")
    target_sources(${target} PRIVATE "${out}/${symbol}.S" ${blobs})
endfunction()

# The one file that switches stacks. Fortified longjmp and shadow stacks forbid exactly that, and link-time optimisation could
# keep an address that belongs to the old stack across the switch.
function(svc_fiber_source file)
    set(options -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0 -fno-lto)
    check_c_compiler_flag(-fcf-protection=branch HAVE_CF_PROTECTION_BRANCH)
    if(HAVE_CF_PROTECTION_BRANCH)
        list(APPEND options -fcf-protection=branch)
    endif()
    set_source_files_properties("${file}" PROPERTIES COMPILE_OPTIONS "${options}")
endfunction()

# The product's migrations inside its program, in the order of their numbers: shared ones and its own. The one list that is
# globbed, so that a new migration is a new file and nothing else.
function(svc_migrations target product)
    file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/migrations/*.sql" "${PROJECT_SOURCE_DIR}/migrations/${product}/*.sql")
    set(numbered "")
    foreach(file IN LISTS files)
        get_filename_component(base "${file}" NAME)
        list(APPEND numbered "${base}|${file}")
    endforeach()
    list(SORT numbered)
    list(TRANSFORM numbered REPLACE "^[^|]*[|]" "")
    svc_embed(${target} SYMBOL migrations FILES ${numbered})
endfunction()
