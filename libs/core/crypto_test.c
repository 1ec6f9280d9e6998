#include "core/crypto.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *hex(const uint8_t *bytes, size_t len)
{
    static char text[2 * 64 + 1];
    crypto_hex(bytes, len, text);
    return text;
}

START_TEST(sha256_gives_the_published_digests)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_sha256("", 0, digest);
    ck_assert_str_eq(hex(digest, sizeof(digest)),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    crypto_sha256("abc", 3, digest);
    ck_assert_str_eq(hex(digest, sizeof(digest)),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

/* RFC 4231, cases 1, 2 and 6 (a key longer than a block). */
START_TEST(hmac_gives_the_published_digests)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    uint8_t key[131];
    memset(key, 0x0b, 20);
    crypto_hmac_sha256(key, 20, "Hi There", 8, digest);
    ck_assert_str_eq(hex(digest, sizeof(digest)),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    ck_assert_str_eq(hex(digest, sizeof(digest)),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    const char *data = "Test Using Larger Than Block-Size Key - Hash Key First";
    crypto_hmac_sha256(key, sizeof(key), data, strlen(data), digest);
    ck_assert_str_eq(hex(digest, sizeof(digest)),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

START_TEST(random_bytes_differ)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    crypto_random(a, sizeof(a));
    crypto_random(b, sizeof(b));
    ck_assert(!crypto_equal(a, b, sizeof(a)));
    ck_assert(crypto_equal(a, a, sizeof(a)));
    ck_assert(crypto_equal(a, b, 0));
}
END_TEST

/* RFC 4648, section 10. */
static const struct {
    const char *data;
    const char *standard;
    const char *url;
} base64_cases[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xbe", "+/++", "-_--"},
};

START_TEST(what_is_sealed_opens_with_the_same_key_and_text_only)
{
    static const uint8_t key[CRYPTO_SEAL_KEY_LEN] = {1}, other_key[CRYPTO_SEAL_KEY_LEN] = {2};
    static const char text[] = "session_id of a guest";
    uint8_t sealed[sizeof(text) + CRYPTO_SEAL_MORE], again[sizeof(sealed)];
    uint8_t out[sizeof(text)] = {0};
    const struct crypto_seal seal = {key, "user:1 route"};
    crypto_seal(&seal, text, sizeof(text), sealed);
    crypto_seal(&seal, text, sizeof(text), again);
    ck_assert_mem_ne(sealed, again, sizeof(sealed));
    for (size_t i = 0; i + 7 <= sizeof(sealed); i++) {
        ck_assert_mem_ne(sealed + i, "session", 7);
    }
    ck_assert(crypto_unseal(&seal, sealed, sizeof(sealed), out));
    ck_assert_mem_eq(out, text, sizeof(text));
    ck_assert(!crypto_unseal(&(struct crypto_seal){other_key, seal.with}, sealed, sizeof(sealed),
        out));
    ck_assert(!crypto_unseal(&(struct crypto_seal){key, "user:2 route"}, sealed, sizeof(sealed),
        out));
    for (size_t len = 0; len < sizeof(sealed); len++) {
        ck_assert(!crypto_unseal(&seal, sealed, len, out));
    }
    for (size_t i = 0; i < sizeof(sealed); i++) {
        sealed[i] ^= 1;
        ck_assert(!crypto_unseal(&seal, sealed, sizeof(sealed), out));
        sealed[i] ^= 1;
    }
}
END_TEST

START_TEST(nothing_can_be_sealed_too)
{
    static const uint8_t key[CRYPTO_SEAL_KEY_LEN] = {1};
    uint8_t sealed[CRYPTO_SEAL_MORE], out[1];
    const struct crypto_seal seal = {key, ""};
    crypto_seal(&seal, "", 0, sealed);
    ck_assert(crypto_unseal(&seal, sealed, sizeof(sealed), out));
}
END_TEST

START_TEST(base64_is_written_and_read)
{
    for (size_t i = 0; i < sizeof(base64_cases) / sizeof(base64_cases[0]); i++) {
        const char *data = base64_cases[i].data;
        for (int url = 0; url <= 1; url++) {
            const char *wanted = url ? base64_cases[i].url : base64_cases[i].standard;
            const long wanted_len = (long)strlen(wanted);
            char text[16];
            uint8_t back[16];
            ck_assert_int_eq(crypto_base64_encode(data, strlen(data), url, text, sizeof(text)),
                wanted_len);
            ck_assert_str_eq(text, wanted);
            ck_assert_int_eq(crypto_base64_decode(text, strlen(text), url, back, sizeof(back)),
                (long)strlen(data));
            ck_assert_mem_eq(back, data, strlen(data));
        }
    }
}
END_TEST

/* Each text of up to four digits stands for one value or for none: nothing else encodes to it. */
START_TEST(a_value_has_one_spelling)
{
    static const char digits[] = "AQgwBZaz09-_=. ";
    const size_t count = sizeof(digits) - 1;
    for (size_t at = 0; at < count * count * count * count; at++) {
        const char text[5] = {digits[at % count], digits[at / count % count],
            digits[at / count / count % count], digits[at / count / count / count], '\0'};
        for (size_t len = 1; len <= 4; len++) {
            uint8_t bytes[3];
            char again[8];
            const long read = crypto_base64_decode(text, len, true, bytes, sizeof(bytes));
            if (read >= 0) {
                ck_assert_int_eq(crypto_base64_encode(bytes, (size_t)read, true, again,
                                     sizeof(again)),
                    (long)len);
                ck_assert_mem_eq(again, text, len);
            }
        }
    }
}
END_TEST

START_TEST(base64_never_writes_behind_its_end)
{
    char text[5];
    uint8_t bytes[3];
    ck_assert_int_eq(crypto_base64_encode("foo", 3, false, text, 4), -1);
    ck_assert_int_eq(crypto_base64_encode("foo", 3, false, text, 5), 4);
    ck_assert_int_eq(crypto_base64_encode("f", 1, true, text, 2), -1);
    ck_assert_int_eq(crypto_base64_encode("f", 1, true, text, 3), 2);
    ck_assert_int_eq(crypto_base64_decode("Zm9v", 4, false, bytes, 2), -1);
    ck_assert_int_eq(crypto_base64_decode("Zm9v", 4, false, bytes, 3), 3);
}
END_TEST

START_TEST(malformed_base64_is_refused)
{
    const struct {
        const char *text;
        bool url;
    } cases[] = {
        {"Z", true},
        {"Zg==", true},
        {"Zm9v+", true},
        {"Zm+v", true},
        {"Zm/v", true},
        {"Zm-v", false},
        {"Zm_v", false},
        {"Zh", true},
        {"Zm9", true},
        {"Z===", false},
        {"====", false},
        {"=", false},
        {"Zg=", false},
        {"Zm 9", true},
        {"Zm9v\n", true},
        {"Zg==Zg==", false},
        {"Zm\xc3\xb6", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[16];
        ck_assert_msg(crypto_base64_decode(cases[i].text, strlen(cases[i].text), cases[i].url,
                          bytes, sizeof(bytes)) == -1,
            "%s", cases[i].text);
    }
}
END_TEST

START_TEST(standard_base64_may_lack_its_padding)
{
    uint8_t bytes[4];
    ck_assert_int_eq(crypto_base64_decode("Zm8", 3, false, bytes, sizeof(bytes)), 2);
    ck_assert_mem_eq(bytes, "fo", 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.crypto");
    TCase *tests = tcase_create("crypto");
    tcase_add_test(tests, sha256_gives_the_published_digests);
    tcase_add_test(tests, hmac_gives_the_published_digests);
    tcase_add_test(tests, random_bytes_differ);
    tcase_add_test(tests, what_is_sealed_opens_with_the_same_key_and_text_only);
    tcase_add_test(tests, nothing_can_be_sealed_too);
    tcase_add_test(tests, base64_is_written_and_read);
    tcase_add_test(tests, a_value_has_one_spelling);
    tcase_add_test(tests, base64_never_writes_behind_its_end);
    tcase_add_test(tests, malformed_base64_is_refused);
    tcase_add_test(tests, standard_base64_may_lack_its_padding);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
