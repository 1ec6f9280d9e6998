#include "svc/job_kinds.h"

#include "properties/embed.h"

const struct job_kind job_kinds[] = {
    {"property.embed", properties_embed_job},
    {0},
};
