#include "http/call.h"

#include "http/headers.h"

const char *const page_count_choices[] = {"exact", "estimated", NULL};

const char *call_header(const struct call *call, const char *name)
{
    return headers_value(call->headers, name);
}
