#include "chat/usage.h"

#include "chat/model.h"
#include "core/json.h"

static const int64_t tokens_max =
    100000000; /* of a call; the sum of a turn is an int of Postgres */
static const double dollars_max = 1000000;

bool usage_microusd(double dollars, int64_t *out)
{
    if (!(dollars >= 0 && dollars <= dollars_max)) {
        return false;
    }
    /* A decimal fraction is next to a double, not on it: 0.000035 * 1e6 is a bit less than 35. */
    *out = (int64_t)(dollars * 1e6 + 0.5);
    return true;
}

static bool read_tokens(const struct json *object, const char *key, int64_t *out)
{
    int64_t tokens = 0;
    if (!json_i64(json_get(object, key), &tokens) || tokens < 0 || tokens > tokens_max) {
        return false;
    }
    *out = tokens;
    return true;
}

void usage_read(const struct json *usage, struct chat_usage *out)
{
    int64_t prompt = 0, completion = 0, micro = 0;
    double dollars = -1;
    if (read_tokens(usage, "prompt_tokens", &prompt) &&
        read_tokens(usage, "completion_tokens", &completion)) {
        out->known = true;
        out->prompt_tokens = prompt;
        out->completion_tokens = completion;
        read_tokens(json_get(usage, "prompt_tokens_details"), "cached_tokens", &out->cached_tokens);
    }
    if (json_f64(json_get(usage, "cost"), &dollars) && usage_microusd(dollars, &micro)) {
        out->priced = true;
        out->cost_microusd = micro;
    }
}
