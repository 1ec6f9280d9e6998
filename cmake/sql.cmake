# Run with cmake -P: turns .sql files into constants. Arguments: LIB (name of the lib), FILES (comma-separated paths), OUT (directory).
# Writes OUT/sql.h and OUT/sql.c. Each line becomes a string literal of its own, so length does not matter.
string(REPLACE "," ";" files "${FILES}")
string(TOUPPER "${LIB}_SQL_H" guard)
set(declarations "")
set(definitions "")
set(rows "")

# A statement that begins like a read, has no word of one that writes or locks, and does not say "-- Writes" of a function that
# it calls; tests/test_sql.py asks Postgres.
function(reads text out)
    string(REGEX REPLACE "--[^\n]*" "" code "${text}")
    string(TOUPPER "${code}" code)
    set(${out} "false" PARENT_SCOPE)
    if(code MATCHES "^[ \n]*(SELECT|WITH)[ \n(]" AND NOT text MATCHES "^-- Writes"
       AND NOT code MATCHES "(^|[^A-Z_])(INSERT|UPDATE|DELETE|MERGE|SHARE|NEXTVAL|SETVAL|SET_CONFIG|PG_NOTIFY|PG_[A-Z_]*LOCK[A-Z_]*|[A-Z_]*_PURGE)[^A-Z_]")
        set(${out} "true" PARENT_SCOPE)
    endif()
endfunction()

foreach(file IN LISTS files)
    get_filename_component(name "${file}" NAME_WE)
    file(READ "${file}" text)
    reads("${text}" is_read)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "\n" "\\n\"\n            \"" text "${text}")
    string(APPEND declarations "extern const struct db_stmt SQL_${name};\n")
    string(APPEND definitions
        "const struct db_stmt SQL_${name} = {\n    .name = \"${name}\",\n    .text = \"${text}\",\n    .reads = ${is_read},\n};\n\n")
    string(APPEND rows "    &SQL_${name},\n")
endforeach()

file(WRITE "${OUT}/sql.h" "/* Generated from libs/${LIB}/sql. */
#ifndef ${guard}
#define ${guard}

#include \"db/stmt.h\"

${declarations}
extern const struct db_stmt *const ${LIB}_sql[]; /* all of them, ends with NULL */

#endif
")
file(WRITE "${OUT}/sql.c" "/* Generated from libs/${LIB}/sql. */
#include <stddef.h>

#include \"${LIB}/sql.h\"

${definitions}const struct db_stmt *const ${LIB}_sql[] = {\n${rows}    NULL,\n};
")
