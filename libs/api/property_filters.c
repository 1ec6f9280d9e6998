#include "api/property_filters.h"

#include "core/services.h"
#include "http/call.h"

struct db *call_property_reads(const struct call *call)
{
    return call->principal.role == ROLE_GUEST ? call->services->reads : call->services->db;
}

static struct property_rules rules_of(const struct call *call)
{
    return (struct property_rules){
        .settings = call->services->settings,
        .locale = call->locale,
        .staff = role_includes(call->principal.role, ROLE_AGENT),
    };
}

err call_property_filters(struct call *call, const struct property_filters *in,
    struct property_search *out)
{
    const struct property_rules rules = rules_of(call);
    return property_filters_read(call->ctx, call_property_reads(call), &rules, in, out);
}

err call_property_view(struct call *call, const char *locale, const char *currency,
    struct property_view *out)
{
    const struct property_rules rules = rules_of(call);
    return property_view_read(call->ctx, &rules, locale, currency, out);
}
