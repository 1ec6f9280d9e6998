#include "chat/links.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"

static const char *origins[] = {"https://example.com", "http://localhost:3000"};
static const struct strs own = {.items = origins, .count = 2};

static const struct {
    const char *text, *filtered; /* NULL = as it is */
} cases[] = {
    /* ours, or none */
    {"No links here. At all.", NULL},
    {"See https://example.com/villas/7?x=1#a.", NULL},
    {"See https://www.example.com/villas", NULL},
    {"See http://localhost:3000/villas", NULL},
    {"See [the villa](https://example.com/v/7), [here](/v/7) or [below](#b).", NULL},
    {"See example.com/v/7 and www.example.com.", NULL},
    {"HTTPS://EXAMPLE.COM/x", NULL},
    {"Write to villas@evil.com or john.doe@mail.test.", NULL},
    {"It is 4.5 km, i.e. near. Open 9 a.m. to 5 p.m.", NULL},
    {"The pool.House rules are here. The beach.It is near.", NULL},
    {"<b>bold</b> & <script>alert(1)</script>", NULL},
    {"Yes [1], no [2].", NULL},
    {"and/or, 24/7, 27/11/2026, a // b", NULL},
    {"rules.pdf, v1.2.3, 4.500.000", NULL},
    /* of others */
    {"See https://evil.test/x now.", "See now."},
    {"See https://evil.test/x.", "See."},
    {"See http://evil.test", "See"},
    {"HTTPS://EVIL.TEST/x is bad", " is bad"},
    {"See <https://evil.test>.", "See."},
    {"See (https://evil.test).", "See."},
    {"[click](https://evil.test/?q=secret)", "click"},
    {"[click]( <https://evil.test> \"title\")", "click"},
    {"![photo](https://evil.test/p.png)", "photo"},
    {"![photo](https://example.com/p.png)", "photo"},
    {"![](//evil.test/p.png?d=1)", ""},
    {"[a](javascript:alert(1))", "a)"},
    {"[a](data:text/html,x)", "a"},
    {"[a](mailto:x@evil.test)", "a"},
    {"[a](//evil.test)", "a"},
    {"[a](/\\evil.test)", "a"},
    {"so it says [1](https://evil.test)", "so it says [1]"},
    {"[ref]: https://evil.test/x", "[ref]:"},
    {"https://example.com@evil.test/x", ""},
    {"https://example.com.evil.test/x", ""},
    {"https://evil.test\\@example.com/", ""},
    {"https://example.com:8443/x", ""},
    {"https://evilexample.com/x", ""},
    {"ftp://example.com/x", ""},
    {"//evil.test/x", ""},
    {"Book at evil.com today", "Book at today"},
    {"Book at EVIL.COM!", "Book at!"},
    {"Book at www.evil.villas/x, now", "Book at, now"},
    {"Book at sub.evil.co.th.", "Book at."},
    {"evil.me/x and evil.me", " and evil.me"},
    {"จองที่evil.com นะ", "จองที่ นะ"},
    {"..evil.com", ".."},
    {"evil_site.com", "evil_"},
};

START_TEST(only_links_of_our_own_stay)
{
    struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out;
        buf_init(&out, arena, 0, 1000);
        links_filter(&out, cases[i].text, &own);
        const char *want = cases[i].filtered == NULL ? cases[i].text : cases[i].filtered;
        ck_assert_msg(strcmp(buf_text(&out), want) == 0, "%s -> %s", cases[i].text, buf_text(&out));
    }
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("links");
    TCase *tcase = tcase_create("links");
    tcase_add_test(tcase, only_links_of_our_own_stay);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
