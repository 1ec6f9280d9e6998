/* core/embed.h - a file inside the binary. svc_embed() in a build file makes tables of these, ended by a zero row. */
#ifndef CORE_EMBED_H
#define CORE_EMBED_H

#include <stddef.h>

struct embed {
    const char *name;          /* base name of the file; NULL ends a table */
    const unsigned char *data; /* followed by a zero byte that size does not count */
    size_t size;
};

#endif
