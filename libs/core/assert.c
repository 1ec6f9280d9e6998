#include "core/assert.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/source_path.h"

void assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", source_path(file), line, expression);
    abort();
}
