/* core/assert.h - for facts that no input can change (wiring, life cycle); stays on in production. What a
 * request can reach is fail(). */
#ifndef CORE_ASSERT_H
#define CORE_ASSERT_H

void assert_failed(const char *expression, const char *file, int line) __attribute__((noreturn));

#define ASSERT(expression)                                                                         \
    do {                                                                                           \
        if (!(expression)) {                                                                       \
            assert_failed(#expression, __FILE__, __LINE__);                                        \
        }                                                                                          \
    } while (0)

#endif
