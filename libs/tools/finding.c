#include "tools/finding.h"

#include <string.h>

#include "chat/tool.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/json.h"

#define FRAME_BYTES 64 /* names, brackets, numbers */

bool finding_item(struct ctx *ctx, const struct shape *shape, const void *item, const char **out)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 512, FINDING_ITEM_BYTES);
    field_encode(&buf, shape, item);
    if (buf.failed) {
        return false;
    }
    *out = buf_text(&buf);
    return true;
}

err finding_write(struct ctx *ctx, const struct finding_items *items, const char **out)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 1024, CHAT_FINDING_BYTES);
    const size_t note = items->note == NULL ? 0 : 2 * strlen(items->note);
    buf_str(&buf, "{\"results\":[");
    for (int64_t i = 0; i < items->count; i++) {
        const size_t len = strlen(items->json[i]);
        if (buf.len + len + note + FRAME_BYTES > CHAT_FINDING_BYTES) {
            break;
        }
        buf_str(&buf, i > 0 ? "," : "");
        buf_add(&buf, items->json[i], len);
    }
    buf_char(&buf, ']');
    if (items->total > 0) {
        buf_str(&buf, ",\"total\":");
        buf_i64(&buf, items->total);
    }
    if (items->note != NULL) {
        buf_str(&buf, ",\"note\":");
        json_write_string(&buf, items->note, strlen(items->note));
    }
    buf_char(&buf, '}');
    size_t len = 0;
    return buf_finish(ctx, &buf, out, &len);
}
