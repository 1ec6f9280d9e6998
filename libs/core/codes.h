/* core/codes.h - the finer public error codes, where one err_code has several names for the client.
 * http/problem.c holds the default name of each err_code and checks this list against the catalogue. */
#ifndef CORE_CODES_H
#define CORE_CODES_H

#define CODE_AUTH_UNAVAILABLE "AUTH_UNAVAILABLE"
#define CODE_FEATURE_DISABLED "FEATURE_DISABLED"
#define CODE_IDEMPOTENCY_IN_PROGRESS "IDEMPOTENCY_IN_PROGRESS"
#define CODE_IDEMPOTENCY_KEY_REUSED "IDEMPOTENCY_KEY_REUSED"
#define CODE_INVALID_STATE "INVALID_STATE"
#define CODE_SHUTTING_DOWN "SHUTTING_DOWN"
#define CODE_UNKNOWN_FIELD "UNKNOWN_FIELD"
#define CODE_UNKNOWN_PARAMETER "UNKNOWN_PARAMETER"
#define CODE_VALIDATION_ERROR "VALIDATION_ERROR"

#endif
