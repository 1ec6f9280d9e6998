/* api/files.h - a reply that is a file inside the binary, as svc_embed() with GZIP puts it there. */
#ifndef API_FILES_H
#define API_FILES_H

#include <stddef.h>

#include "core/err.h"

struct call;
struct embed;

/* type: of the content, with its charset. The name must be one of the table's. */
err files_reply(struct call *call, const struct embed *files, const char *name, const char *type);
/* Of the content, without quotes; arena. */
const char *files_etag(struct call *call, const void *data, size_t size);

#endif
