#include "tools/question_places.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "properties/finder.h"
#include "tools/question.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

static struct property_place rows[] = {
    {"short_stay", "Phuket", "Phuket", "Rawai"},
    {"short_stay", "Phuket", "Phuket", "Kata"},
    {"short_stay", "Krabi", "Krabi", "Ao Nang"},
    {"short_stay", "Krabi", "Koh Lanta", "Sala Dan"},
    {"short_stay", "Surat Thani", "Koh Samui", "Bophut"},
    {"short_stay", "Surat Thani", "Koh Tao", "Sairee"},
    {"short_stay", "Chiang Mai", "Chiang Mai", "Hang Dong"},
    {"short_stay", "Chiang Mai", "Chiang Dao", "Chiang Dao"},
    {"short_stay", "Prachuap Khiri Khan", "Hua Hin", "Hua Hin"},
    {"short_stay", "Bangkok", "Bangkok", "Sathon"},
    {"short_stay", "Nong Khai", "Nong Khai", "Nai Mueang"},
    {"short_stay", "Khon Kaen", "Khon Kaen", "Nai Mueang"},
    {"short_stay", NULL, NULL, NULL},
};

static void find(const char *text, struct question_place *out)
{
    const struct list places = {rows, sizeof(rows) / sizeof(rows[0])};
    question_places(arena, question_fold(arena, text), &places, out);
}

/* "province/city+city/district" */
static const char *shown(const struct question_place *place)
{
    struct buf buf;
    buf_init(&buf, arena, 64, 1000);
    buf_printf(&buf, "%s/", place->province == NULL ? "" : place->province);
    for (int64_t i = 0; i < place->cities.count; i++) {
        buf_printf(&buf, "%s%s", i > 0 ? "+" : "", place->cities.items[i]);
    }
    buf_printf(&buf, "/%s", place->district == NULL ? "" : place->district);
    return buf_text(&buf);
}

START_TEST(names_of_listings_are_found)
{
    static const struct {
        const char *text, *place;
    } cases[] = {
        {"villa in Phuket", "Phuket//"},
        {"PHUKET villas", "Phuket//"},
        {"villa in Hua Hin", "/Hua Hin/"},
        {"huahin", "/Hua Hin/"},
        {"hua-hin", "/Hua Hin/"},
        {"Koh Samui", "/Koh Samui/"},
        {"ko samui", "/Koh Samui/"},
        {"on Samui", "/Koh Samui/"},
        {"koh tao", "/Koh Tao/"},
        {"the tao of pooh", "//"}, /* too short without Koh */
        {"Chiang Mai", "Chiang Mai//"},
        {"Chiang Dao", "/Chiang Dao/"},
        {"chiangmai", "Chiang Mai//"},
        {"Rawai", "//Rawai"},
        {"Rawai, Phuket", "Phuket//Rawai"},
        {"Rawai or Krabi", "Krabi//"},
        {"Nai Mueang in Khon Kaen", "Khon Kaen//Nai Mueang"},
        {"Phuket or Krabi", "/Phuket+Krabi+Koh Lanta/"},
        {"Koh Samui or Hua Hin", "/Koh Samui+Hua Hin/"},
        {"Krabi, Koh Lanta", "/Koh Lanta/"},
        {"BKK", "Bangkok//"},
        {"villa in Pattaya", "//"}, /* no listing there */
        {"Phucket", "Phuket//"},
        {"Phukte", "Phuket//"},
        {"Bangok villas", "Bangkok//"},
        {"phuukeet", "//"}, /* two slips */
        {"Sathonn", "//"},  /* districts have to be right */
        {"krabbi", "//"},   /* so have short names */
        {"วิลล่าในภูเก็ต", "Phuket//"},
        {"ที่พักเกาะสมุย", "/Koh Samui/"},
        {"คอนโดกรุงเทพ สาทร", "Bangkok//Sathon"},
        {"กทม", "Bangkok//"},
        {"ดีเลย", "//"},
        {"ภูเก็ตหรือกระบี่", "/Phuket+Krabi+Koh Lanta/"},
        {"พัทยา", "//"},
        {"", "//"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct question_place place;
        find(cases[i].text, &place);
        ck_assert_msg(strcmp(shown(&place), cases[i].place) == 0, "%s: %s", cases[i].text,
            shown(&place));
    }
}
END_TEST

START_TEST(names_are_taken_out_of_the_rest)
{
    struct question_place place;
    find("quiet villa on Koh Samui", &place);
    ck_assert_str_eq(place.rest, "quiet villa on          ");
    ck_assert(question_place_is_known(&place));
    find("quiet villa", &place);
    ck_assert_str_eq(place.rest, "quiet villa");
    ck_assert(!question_place_is_known(&place));
}
END_TEST

START_TEST(other_names_are_written_as_names_are_compared)
{
    for (size_t i = 0; i < place_names_count; i++) {
        ck_assert_ptr_null(strchr(place_names[i].also, ' '));
        ck_assert_ptr_null(strchr(place_names[i].name, ' '));
        ck_assert_str_eq(question_fold(arena, place_names[i].also), place_names[i].also);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("question_places");
    TCase *tests = tcase_create("question_places");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, names_of_listings_are_found);
    tcase_add_test(tests, names_are_taken_out_of_the_rest);
    tcase_add_test(tests, other_names_are_written_as_names_are_compared);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
