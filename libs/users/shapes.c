/* users/shapes.c - what a person looks like, to themselves and to admins. */
#include <stddef.h>

#include "users/users.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const roles[] = {"user", "agent", "admin", NULL};
static const char *const statuses[] = {"active", "suspended", "deleted", NULL};
const char *const user_sorts[] = {"-created_at", "created_at", "email", NULL};

#define PERSON_FIELDS(s)                                                                           \
    FIELD_I64(s, id, "Id"), FIELD_STR(s, clerk_user_id, "Id at Clerk"),                            \
        FIELD_STR(s, email, "E-mail, once known", .nullable = true),                               \
        FIELD_BOOL(s, email_verified, "Clerk has verified the e-mail"),                            \
        FIELD_STR(s, display_name, "Name that others see", .nullable = true),                      \
        FIELD_STR(s, avatar_url, "Picture", .nullable = true),                                     \
        FIELD_ENUM(s, role, "What the person may do", .choices = roles),                           \
        FIELD_STR(s, locale, "Preferred locale", .nullable = true),                                \
        FIELD_STR(s, currency, "Preferred currency", .nullable = true)
#define PERSON_TIMES(s)                                                                            \
    FIELD_TIME(s, created_at, "First seen"),                                                       \
        FIELD_TIME(s, last_seen_at, "Last seen, to five minutes", .nullable = true)

static const struct field user_fields[] = {PERSON_FIELDS(struct user), PERSON_TIMES(struct user)};
const struct shape user_shape = {
    .name = "User",
    .size = sizeof(struct user),
    .fields = user_fields,
    .count = COUNT(user_fields),
    .has_set = true,
    .set_offset = offsetof(struct user, has),
};

static const struct field user_admin_fields[] = {
    PERSON_FIELDS(struct user_admin),
    FIELD_ENUM(struct user_admin, status, "State of the account", .choices = statuses),
    FIELD_I64(struct user_admin, version, "Counts on with every change"),
    PERSON_TIMES(struct user_admin),
};
const struct shape user_admin_shape = {
    .name = "UserAdmin",
    .size = sizeof(struct user_admin),
    .fields = user_admin_fields,
    .count = COUNT(user_admin_fields),
    .has_set = true,
    .set_offset = offsetof(struct user_admin, has),
};
