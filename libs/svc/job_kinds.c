#include "svc/job_kinds.h"

#include "chat/golden.h"
#include "faq/background.h"
#include "properties/embed.h"

const struct job_kind job_kinds[] = {
    {"chat.eval", golden_job},
    {"faq.embed", faq_job_embed},
    {"faq.embed_all", faq_job_embed_all},
    {"faq.import", faq_job_import},
    {"faq.reindex", faq_job_reindex},
    {"property.embed", properties_embed_job},
    {0},
};
