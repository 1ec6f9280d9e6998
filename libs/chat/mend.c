/* chat/mend.c - every price, percentage and date of an answer has to occur in what it rests on: else the model gets one more try,
 * and what is still in doubt then goes, sentence by sentence. */
#include "chat/mend.h"

#include <string.h>

#include "chat/check.h"
#include "chat/phrases.h"
#include "core/limits.h"
#include "core/log.h"

#define FIRST_BYTES 1024

static err check(struct chat_run *run, const char *text, struct chat_checked *out)
{
    return chat_check(&run->ctx, &run->turn, run->chat->options.own_sites, text, out);
}

/* In place of *checked, if that is better. A failure leaves the answer as it is: what is in doubt goes all the same. */
static err try_again(struct chat_run *run, struct chat_checked *checked)
{
    struct buf text;
    struct chat_checked again;
    buf_init(&text, run->arena, FIRST_BYTES, LIMIT_CHAT_TEXT_BYTES);
    run->turn.mend = chat_check_mend(&run->ctx, checked);
    const err answered = answer_again(run, &text);
    run->turn.mend = NULL;
    if (answered.code == ERR_CANCELLED) {
        return answered;
    }
    if (!is_ok(answered) || text.len == 0) {
        err_clear(&run->ctx);
        return OK;
    }
    TRY(check(run, buf_text(&text), &again));
    if (again.doubt_count < checked->doubt_count) {
        *checked = again;
    }
    return OK;
}

struct replace_event {
    const char *content;
};
static const struct field replace_event_fields[] = {
    FIELD_STR(struct replace_event, content, "The text as it stays"),
};

void mend_tell(struct chat_run *run, const char *content)
{
    const struct replace_event event = {content};
    run_event(run, "replace", SHAPE(replace_event), &event);
}

static void tell(struct chat_run *run)
{
    const bool differs = run->shown.left_out || run->events.cut;
    if (differs || strcmp(buf_text(&run->text), run->content) != 0) {
        mend_tell(run, run->content);
    }
}

static const char *what_stays(struct chat_run *run, const struct chat_checked *checked)
{
    return checked->doubt_count > 0 ? chat_check_drop(&run->ctx, checked) : checked->text;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

void mend_ended(struct chat_run *run)
{
    struct chat_checked checked;
    run_show(run, /* ended */ true);
    if (!is_ok(check(run, buf_text(&run->text), &checked))) {
        err_clear(&run->ctx);
        run->content = "";
    } else {
        run->content = what_stays(run, &checked);
    }
    tell(run);
}

err mend_answer(struct chat_run *run)
{
    struct chat_checked checked;
    TRY(check(run, buf_text(&run->text), &checked));
    if (checked.doubt_count > 0) {
        TRY(try_again(run, &checked));
    }
    if (checked.doubt_count > 0) {
        log_warn(&run->ctx, "chat.sentences_dropped",
            LOG_I64("count", (int64_t)checked.doubt_count), LOG_STR("model", run->model));
    }
    run->content = what_stays(run, &checked);
    if (is_blank(run->content)) {
        run->content = phrases_of(run->question.asker.locale)->unknown;
        run->finish_reason = "no_evidence";
        run->grounded = false;
    }
    tell(run);
    return OK;
}
