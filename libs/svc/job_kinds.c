#include "svc/job_kinds.h"

#include "bookings/bookings.h"
#include "chat/golden.h"
#include "chat/retention.h"
#include "faq/background.h"
#include "properties/embed.h"
#include "svc/records.h"
#include "users/users.h"

#define DAY_S 86400
#define MINUTE_S 60

const struct job_kind job_kinds[] = {
    {"bookings.times", bookings_job, .every_seconds = MINUTE_S},
    {"chat.eval", golden_job},
    {"chat.retention", chat_retention_job, .every_seconds = DAY_S},
    {"faq.embed", faq_job_embed},
    {"faq.embed_all", faq_job_embed_all},
    {"faq.import", faq_job_import},
    {"faq.reindex", faq_job_reindex},
    {"property.embed", properties_embed_job},
    {"records.purge", records_purge_job, .every_seconds = DAY_S},
    {"users.erase", users_erase_job},
    {0},
};
