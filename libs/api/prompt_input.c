#include "api/prompt_input.h"

#include "api/input.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "http/call.h"

static const struct field version_params_fields[] = {
    FIELD_I64(struct version_params, version, "Version", .required = true, .min = 1,
        .max = INT32_MAX),
};
const struct shape version_params_shape = {
    .name = "version_params",
    .size = sizeof(struct version_params),
    .fields = version_params_fields,
    .count = 1,
};

static const struct field models_in_fields[] = {
    FIELD_STR(struct models_in, chat, "Writes answers", .omit = true, .min = 1, .max = 120),
    FIELD_STR(struct models_in, search, "Chooses tools", .omit = true, .min = 1, .max = 120),
    FIELD_STR(struct models_in, fallback, "Answers when the first is down", .omit = true, .min = 1,
        .max = 120),
};

static const struct field prompt_in_fields[] = {
    FIELD_STR(struct prompt_in, system_prompt, "What the model is told", .required = true, .min = 1,
        .max = 16000),
    FIELD_OBJ(struct prompt_in, models, models_in, "Instead of the configured models",
        .shape = SHAPE(models_in)),
    FIELD_F64(struct prompt_in, temperature, "Temperature", .min = 0, .max = 2),
    FIELD_I64(struct prompt_in, max_tokens, "Longest answer", .min = 1, .max = 8000,
        .unit = "tokens"),
    FIELD_STRS(struct prompt_in, tools_enabled, "Only these tools; left out: all", .min = 1,
        .max = 16),
    FIELD_STR(struct prompt_in, note, "What is new", .nullable = true, .min = 1, .max = 500),
    FIELD_BOOL(struct prompt_in, activate, "Use it from now on"),
};
const struct shape prompt_in_shape = {
    .name = "prompt_in",
    .size = sizeof(struct prompt_in),
    .fields = prompt_in_fields,
    .count = sizeof(prompt_in_fields) / sizeof(prompt_in_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct prompt_in, has),
};
enum { ROW_MODELS = 1, ROW_TEMPERATURE = 2, ROW_MAX_TOKENS = 3, ROW_TOOLS = 4 };
#define MODELS_MAX_BYTES 4096

static err models_json(struct call *call, const struct prompt_in *in, const char **out)
{
    struct buf json;
    size_t len = 0;
    if (!field_is_present(&in->has, ROW_MODELS)) {
        *out = NULL;
        return OK;
    }
    buf_init(&json, call->ctx->arena, 256, MODELS_MAX_BYTES);
    field_encode(&json, SHAPE(models_in), &in->models);
    return buf_finish(call->ctx, &json, out, &len);
}

err prompt_input_read(struct call *call, const struct prompt_in *in, struct prompt_draft *out)
{
    *out = (struct prompt_draft){
        .system_prompt = in->system_prompt,
        .has_temperature = field_is_present(&in->has, ROW_TEMPERATURE),
        .has_max_tokens = field_is_present(&in->has, ROW_MAX_TOKENS),
        .has_tools = field_is_present(&in->has, ROW_TOOLS),
        .temperature = in->temperature,
        .max_tokens = in->max_tokens,
        .tools_enabled = in->tools_enabled,
        .note = in->note,
        .activate = in->activate,
        .actor_id = call->principal.user_id,
    };
    if (input_is_blank(in->system_prompt)) {
        return fail_field(call->ctx, "system_prompt", CODE_VALIDATION_ERROR, "must not be blank");
    }
    return models_json(call, in, &out->models);
}
