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
    {"[https://evil.test/x](https://evil.test/x) now", " now"},
    {"Ask [us at evil.com or here](https://evil.test), please", "Ask us at or here, please"},
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

/* ---- texts that grow ---- */

/* As a run does it: each time into a place of its own. */
static void show_more(struct buf *all, struct links_shown *shown, const char *text, bool ended)
{
    struct buf more;
    buf_init(&more, all->arena, 0, 4000);
    links_show(&more, shown, &(struct links_growing){text, &own, ended});
    buf_add(all, buf_text(&more), more.len);
}

/* What is shown of it, with more to come and at its end. */
static const char *show(struct arena *arena, const char *text, const char **out_before)
{
    struct links_shown shown = {0};
    struct buf all;
    buf_init(&all, arena, 0, 4000);
    if (out_before != NULL) {
        show_more(&all, &shown, text, /* ended */ false);
        *out_before = arena_strdup(arena, buf_text(&all));
    }
    show_more(&all, &shown, text, /* ended */ true);
    return buf_text(&all);
}

static void is_harmless(const char *shown, const char *filtered)
{
    static const char *const signs[] = {
        "evil.", "EVIL.", "://evil", "//e", "javascript", "data:", "mailto", "evilexample.", NULL};
    for (size_t i = 0; signs[i] != NULL; i++) {
        const bool stays = strstr(filtered, signs[i]) != NULL; /* also in the end */
        ck_assert_msg(stays || strstr(shown, signs[i]) == NULL, "%s", shown);
    }
}

/* What is shown of it when it comes in pieces. */
static const char *grow(struct arena *arena, const char *text, size_t piece, const char *filtered)
{
    struct links_shown shown = {0};
    struct buf grown, all;
    const size_t len = strlen(text);
    buf_init(&all, arena, 0, 4000);
    buf_init(&grown, arena, 0, 4000);
    for (size_t at = 0; at < len; at += piece) {
        buf_add(&grown, text + at, len - at < piece ? len - at : piece);
        show_more(&all, &shown, buf_text(&grown), /* ended */ false);
        is_harmless(buf_text(&all), filtered);
    }
    show_more(&all, &shown, buf_text(&grown), /* ended */ true);
    ck_assert_msg(shown.left_out == (strcmp(filtered, text) != 0), "%s", text);
    return buf_text(&all);
}

START_TEST(what_grows_never_shows_a_foreign_link)
{
    struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = cases[i].text;
        const char *filtered = cases[i].filtered != NULL ? cases[i].filtered : text;
        for (size_t piece = 1; piece <= strlen(text); piece++) {
            const char *shown = grow(arena, text, piece, filtered);
            is_harmless(shown, filtered);
            if (filtered == text) {
                ck_assert_str_eq(shown, text);
            }
        }
        ck_assert_str_eq(show(arena, text, NULL), filtered);
    }
    arena_free(arena);
}
END_TEST

static const struct {
    const char *text, *shown; /* as long as more may come; NULL = all of it */
} growing[] = {
    {"The villa has a pool", NULL},
    {"The villa.", "The villa"},
    {"The villa. ", NULL},
    {"It costs 4.500 THB", NULL},
    {"It costs 4.500", "It costs "},
    {"Open 9:30-10:00, i.e. now", NULL},
    {"4.5\xe0\xb8\x81", NULL},
    {"See [1] and [2", "See [1] and "},
    {"See [1] and [2]", "See [1] and "},
    {"See [1] and [2] ", NULL},
    {"See [the villa](/v", "See "},
    {"See [the villa](/v/7)", NULL},
    {"See [not a link] there", NULL},
    {"See [not a link\nbut", NULL},
    {"See https", "See "},
    {"See https:", "See "},
    {"See https:/", "See "},
    {"See https://example.com/v", "See "},
    {"See https://example.com/v ", NULL},
    {"See https://example.com/v.", "See "},
    {"See example.com", "See "},
    {"See example.com/v/7 ", NULL},
    {"and/", "and"},
    {"and/or", NULL},
    {"and //", "and "},
    {"a // b", NULL},
    {"Yes!", "Yes"},
    {"Yes! ", NULL},
    {"![a", ""},
    {"john.doe@mail.test ", NULL},
};

START_TEST(only_what_may_become_a_link_waits)
{
    struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < sizeof(growing) / sizeof(growing[0]); i++) {
        const char *text = growing[i].text;
        const char *before = NULL;
        ck_assert_str_eq(show(arena, text, &before), text);
        ck_assert_str_eq(before, growing[i].shown == NULL ? text : growing[i].shown);
    }
    arena_free(arena);
}
END_TEST

START_TEST(nothing_waits_for_ever)
{
    static const char *const begins[] = {"[", "![", "[a](", "https://example.com/", "example.com/"};
    struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        struct buf text, all;
        struct links_shown shown = {0};
        buf_init(&text, arena, 0, 4000);
        buf_init(&all, arena, 0, 4000);
        buf_str(&text, begins[i]);
        for (int letters = 0; letters < 500; letters++) {
            buf_str(&text, "abc");
            show_more(&all, &shown, buf_text(&text), /* ended */ false);
        }
        ck_assert_msg(strncmp(buf_text(&all), begins[i], strlen(begins[i])) == 0, "%s: %s",
            begins[i], buf_text(&all));
    }
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("links");
    TCase *tcase = tcase_create("links");
    tcase_add_test(tcase, only_links_of_our_own_stay);
    tcase_add_test(tcase, what_grows_never_shows_a_foreign_link);
    tcase_add_test(tcase, only_what_may_become_a_link_waits);
    tcase_add_test(tcase, nothing_waits_for_ever);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
