/* core/log.h - one JSON object a line. A line is built in memory and written in batches, once a loop turn;
 * a full pipe never blocks: lines are then dropped and counted.
 * Library code logs at debug only; who handles a failure logs it once. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct clock;
struct ctx;
struct log;

/* fd is borrowed and made non-blocking only while writing (it may be shared with a terminal). */
struct log *log_new(int fd, enum log_level level, const struct clock *clock);
void log_free(struct log *log);
/* Constant members of every line: product id, worker number (-1 = master). */
void log_identify(struct log *log, const char *product, int worker);
/* Writes what is buffered; the loop calls it once a turn. */
void log_flush(struct log *log);
uint64_t log_dropped(const struct log *log);

enum log_kind { LOG_KIND_STR, LOG_KIND_I64, LOG_KIND_F64, LOG_KIND_BOOL };
struct log_field {
    const char
        *name; /* as it stands before the value, from its comma to its colon: made of a literal */
    size_t name_len;
    enum log_kind kind;
    const char *text;
    int64_t number;
    double real;
};
#define LOG_FIELD_(name_, kind_, member_, value)                                                   \
    ((struct log_field){.name = ",\"" name_ "\":",                                                 \
        .name_len = sizeof(",\"" name_ "\":") - 1,                                                 \
        .kind = (kind_),                                                                           \
        .member_ = (value)})
#define LOG_STR(name_, value) LOG_FIELD_(name_, LOG_KIND_STR, text, value)
#define LOG_I64(name_, value) LOG_FIELD_(name_, LOG_KIND_I64, number, value)
#define LOG_MS(name_, value) LOG_FIELD_(name_, LOG_KIND_F64, real, value)
#define LOG_BOOL(name_, value) LOG_FIELD_(name_, LOG_KIND_BOOL, number, value)

bool log_enabled(const struct log *log, enum log_level level); /* NULL log: false */
/* Into ctx->log, which is there. */
void log_write(const struct ctx *ctx, enum log_level level, const char *event,
    const struct log_field *fields, size_t count);

/* event is a literal, "area.past_tense". At least one field. ctx may not be NULL; its log may. */
#define LOG_AT_(ctx_, level_, event_, ...)                                                         \
    do {                                                                                           \
        if (log_enabled((ctx_)->log, (level_))) {                                                  \
            const struct log_field log_fields_[] = {__VA_ARGS__};                                  \
            log_write((ctx_), (level_), (event_), log_fields_,                                     \
                sizeof(log_fields_) / sizeof(log_fields_[0]));                                     \
        }                                                                                          \
    } while (0)
#define log_debug(ctx, event, ...) LOG_AT_(ctx, LOG_DEBUG, event, __VA_ARGS__)
#define log_info(ctx, event, ...) LOG_AT_(ctx, LOG_INFO, event, __VA_ARGS__)
#define log_warn(ctx, event, ...) LOG_AT_(ctx, LOG_WARN, event, __VA_ARGS__)
#define log_error(ctx, event, ...) LOG_AT_(ctx, LOG_ERROR, event, __VA_ARGS__)

#endif
