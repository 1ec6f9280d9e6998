/* api/jobs.c - the queue of background work, for admins. */
#include "jobs/jobs.h"

#include "api/api.h"
#include "api/input.h"
#include "core/limits.h"
#include "core/services.h"
#include "http/call.h"

#define JOBS_SORT "id" /* the one order there is */

struct jobs_query {
    const char *status, *kind;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field jobs_query_fields[] = {
    FIELD_ENUM(struct jobs_query, status, "Only these", .choices = job_statuses),
    FIELD_STR(struct jobs_query, kind, "Only this kind", .min = 1, .max = 60),
    PAGE_QUERY_FIELDS(struct jobs_query),
};

static err list(struct call *call)
{
    const struct jobs_query *in = call->query;
    struct cursor after = {0};
    TRY(cursor_read(call, in->cursor, JOBS_SORT, &after));
    const struct job_filter filter = {
        .status = in->status,
        .kind = in->kind,
        .after_id = after.id,
        .limit = in->limit + 1,
    };
    struct page *page = &call->page;
    TRY(jobs_list(call->ctx, call->services->db, &filter, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct job_row *rows = page->items.items;
        const struct cursor next = {.id = rows[page->items.count - 1].id};
        page->next_cursor = cursor_write(call, JOBS_SORT, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(jobs_count(call->ctx, call->services->db, &filter, &page->total));
    }
    return OK;
}

static err get(struct call *call)
{
    const struct id_params *params = call->params;
    return jobs_get(call->ctx, call->services->db, params->id, call->out);
}

static err retry(struct call *call)
{
    const struct id_params *params = call->params;
    return jobs_retry(call->ctx, call->services->db, params->id, call->principal.user_id,
        call->out);
}

#define JOBS_ROW .tag = "Jobs", .auth = AUTH_USER, .role = ROLE_ADMIN, .rate = RATE_DEFAULT

const struct http_route jobs_routes[] = {
    {GET("/admin/jobs"), JOBS_ROW, .summary = "Background jobs, newest first",
        .query = SHAPE(jobs_query), .page = true, .out = &job_row_shape, .run = list},
    {GET("/admin/jobs/{id}"), JOBS_ROW, .summary = "One background job", .params = &id_params_shape,
        .out = &job_row_shape, .errors = {ERR_NOT_FOUND}, .run = get},
    {POST("/admin/jobs/{id}/retry"), JOBS_ROW, .idempotent = true,
        .summary = "Queue a failed job once more", .params = &id_params_shape,
        .out = &job_row_shape, .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = retry},
    {0},
};
