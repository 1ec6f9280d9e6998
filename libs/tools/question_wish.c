#include "tools/question_wish.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/services.h"
#include "properties/finder.h"

#define WORDS_MAX_BYTES 200
#define SALE_BAHT_MINOR INT64_C(100000000) /* a price from here on is one of a sale */
#define SALE_MINOR INT64_C(3000000)        /* in other currencies */
#define REACH 6 /* words from "is there" to the property that is asked for */

/* What the words around the wish say about the question as a whole. */
struct manner {
    bool shows;      /* "show me villas" */
    bool says_show;  /* of whatever */
    bool which;      /* "which villas" */
    bool there;      /* "is there a villa" */
    bool asks;       /* some other question */
    bool rules;      /* about rules and procedures */
    bool elsewhere;  /* "in Bali": where no listing is */
    int unexplained; /* words that no table knows and no place has */
};

/* Of what may stand between "show me" and the property: numbers, amenities and other adjectives. */
static bool is_adjective(enum question_kind kind)
{
    static const enum question_kind kinds[] = {QUESTION_OTHER, QUESTION_NUMBER, QUESTION_BEDROOM,
        QUESTION_AMENITY, QUESTION_ANY_AMENITY, QUESTION_TENURE, QUESTION_SORT, QUESTION_OFFER};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

/* A property within reach. "Which" stands right before it; after others small words may come, as in "is there a villa". */
static bool leads_to_property(const struct question *question, size_t at)
{
    const bool which = question->words[at].kind == QUESTION_WHICH;
    for (size_t i = at + 1; i < question->count && i <= at + REACH; i++) {
        const enum question_kind kind = question->words[i].kind;
        if (kind == QUESTION_TYPE) {
            return true;
        }
        const bool small = kind == QUESTION_STOP || kind == QUESTION_THERE;
        if (!is_adjective(kind) && (which || !small)) {
            return false;
        }
    }
    return false;
}

/* "Show" of one syllable counts only where a run of letters begins: it is part of many words. */
static bool is_show(const struct question *question, const struct question_word *word)
{
    return word->kind == QUESTION_SHOW &&
           (word->value == NULL || word->text == question->folded || word->text[-1] == ' ');
}

static bool is_place(const struct question *question, const struct question_word *word,
    const char *rest)
{
    return rest[word->text - question->folded] == ' ';
}

/* After "which villas" and "is there a villa", "are" asks nothing more. */
static bool asks_otherwise(const struct question_word *word, bool leads,
    const struct manner *manner)
{
    const bool begun = manner->which || manner->there;
    return (word->kind == QUESTION_ASK && !begun) || (word->kind == QUESTION_WHICH && !leads) ||
           (word->kind == QUESTION_THERE && word->value != NULL && !leads);
}

static bool names_strange_place(const struct question *question, size_t at, const char *rest)
{
    return question->words[at].kind == QUESTION_IN &&
           question_is(question, at + 1, QUESTION_OTHER) &&
           !is_place(question, &question->words[at + 1], rest);
}

static struct manner read_manner(const struct question *question, const char *rest)
{
    struct manner manner = {0};
    for (size_t at = 0; at < question->count; at++) {
        const struct question_word *word = &question->words[at];
        const bool leads = leads_to_property(question, at);
        manner.says_show |= is_show(question, word);
        manner.shows |= is_show(question, word) && leads;
        manner.which |= word->kind == QUESTION_WHICH && leads;
        manner.there |= word->kind == QUESTION_THERE && leads;
        manner.asks |= asks_otherwise(word, leads, &manner);
        manner.rules |= word->kind == QUESTION_RULE;
        manner.elsewhere |= names_strange_place(question, at, rest);
        manner.unexplained += word->kind == QUESTION_OTHER && !is_place(question, word, rest);
    }
    return manner;
}

/* How much is wished for: what a search is narrow by, and what it may have besides. */
static int count_narrow(const struct question_wish *wish)
{
    const struct question_numbers *numbers = &wish->numbers;
    return (numbers->price_min != NUMBER_NONE || numbers->price_max != NUMBER_NONE) +
           (numbers->bedrooms_min != NUMBER_NONE || numbers->bedrooms_max != NUMBER_NONE) +
           question_place_is_known(&wish->place);
}

static int count_soft(const struct question_wish *wish)
{
    return (wish->numbers.bathrooms_min != NUMBER_NONE) + (wish->numbers.guests != NUMBER_NONE) +
           (wish->kinds.amenities.count > 0) + (wish->kinds.any_amenities.count > 0) +
           (wish->kinds.offer != NULL) + (wish->kinds.tenure != NULL) + (wish->kinds.sort != NULL) +
           (wish->numbers.yield_min_micro != NUMBER_NONE);
}

/* Most of what is said is part of the wish. */
static bool is_explained(const struct question_wish *wish, const struct manner *manner)
{
    return manner->unexplained <= count_narrow(wish) + (count_soft(wish) > 0);
}

/* No property either: "3 bedrooms under 5000", "pool in Phuket". */
static enum chat_asked judge_criteria(const struct question_wish *wish, const struct manner *manner)
{
    const int narrow = count_narrow(wish);
    const bool all_said = manner->unexplained == 0 || (narrow >= 2 && is_explained(wish, manner));
    return all_said && narrow + count_soft(wish) + manner->says_show >= 2 ? CHAT_ASKED_CLEARLY
                                                                          : CHAT_ASKED_NOT;
}

/* No verb, no question: "villa with a pool". */
static enum chat_asked judge_bare(const struct question_wish *wish, const struct manner *manner)
{
    if (!wish->kinds.names_property) {
        return judge_criteria(wish, manner);
    }
    if (count_narrow(wish) > 0) {
        return is_explained(wish, manner) ? CHAT_ASKED_CLEARLY : CHAT_ASKED_PERHAPS;
    }
    if (manner->unexplained == 0) {
        return CHAT_ASKED_CLEARLY;
    }
    const bool criteria = count_soft(wish) > 0 || manner->says_show;
    return criteria || (manner->elsewhere && manner->unexplained == 1) ? CHAT_ASKED_PERHAPS
                                                                       : CHAT_ASKED_NOT;
}

/* "Show me", "which villas", "is there a villa". */
static enum chat_asked judge_search(const struct question_wish *wish, const struct manner *manner)
{
    if (count_narrow(wish) > 0) {
        return CHAT_ASKED_CLEARLY;
    }
    const bool which = manner->which && count_soft(wish) > 0;
    return (manner->shows || which) && !manner->asks ? CHAT_ASKED_CLEARLY : CHAT_ASKED_PERHAPS;
}

/* Words like "refund" or "can" make it a question about how things are done, whatever else is named. */
static enum chat_asked judge(const struct question_wish *wish, const struct manner *manner)
{
    const bool searches = manner->shows || manner->which || manner->there;
    const bool narrow = wish->kinds.names_property && count_narrow(wish) > 0;
    if (manner->rules) {
        return searches && narrow ? CHAT_ASKED_PERHAPS : CHAT_ASKED_NOT;
    }
    if (searches) {
        return judge_search(wish, manner);
    }
    if (manner->asks) { /* "how much is a villa in Phuket": the FAQ may know as well */
        return narrow ? CHAT_ASKED_PERHAPS : CHAT_ASKED_NOT;
    }
    return judge_bare(wish, manner);
}

/* Nothing else is asked that somebody should look up. */
static bool is_only_search(const struct question_wish *wish, const struct manner *manner)
{
    return wish->asked == CHAT_ASKED_CLEARLY && !manner->rules && !manner->asks &&
           (manner->shows || is_explained(wish, manner));
}

/* Latin words that neither a table nor a place explains. Thai ones are left: nothing tells where they end. */
static const char *words_left(struct arena *arena, const struct question *question,
    const char *rest)
{
    struct buf buf;
    buf_init(&buf, arena, 64, WORDS_MAX_BYTES + 1);
    for (size_t i = 0; i < question->count; i++) {
        const struct question_word *word = &question->words[i];
        if (word->kind != QUESTION_OTHER || is_place(question, word, rest) ||
            (unsigned char)*word->text >= 0x80 || buf.len + word->len >= WORDS_MAX_BYTES) {
            continue;
        }
        buf_str(&buf, buf.len > 0 ? " " : "");
        buf_add(&buf, word->text, word->len);
    }
    return buf.len == 0 ? NULL : buf_text(&buf);
}

struct offers {
    bool sale, lease, short_stay;
};

static struct offers offers_of(const struct list *places)
{
    const struct property_place *rows = places->items;
    struct offers offers = {0};
    for (int64_t i = 0; i < places->count; i++) {
        offers.sale |= strcmp(rows[i].listing_type, "sale") == 0;
        offers.lease |= strcmp(rows[i].listing_type, "lease") == 0;
        offers.short_stay |= strcmp(rows[i].listing_type, "short_stay") == 0;
    }
    return offers;
}

static const char *offer_of_period(const char *period, const struct offers *offers)
{
    if (strcmp(period, "month") == 0) {
        return offers->lease ? "lease" : NULL;
    }
    return offers->short_stay ? "short_stay" : NULL;
}

/* What the price tells: nobody pays millions for a night or a month. */
static const char *offer_of_price(const struct question_numbers *numbers,
    const struct offers *offers)
{
    if (numbers->period != NULL) {
        return offer_of_period(numbers->period, offers);
    }
    const bool baht = numbers->currency == NULL || strcmp(numbers->currency, "THB") == 0;
    const int64_t high =
        numbers->price_max > numbers->price_min ? numbers->price_max : numbers->price_min;
    const bool mixed = offers->sale && (offers->lease || offers->short_stay);
    return mixed && high >= (baht ? SALE_BAHT_MINOR : SALE_MINOR) ? "sale" : NULL;
}

/* The kind of offer in the words of the product: who rents for a night says "rent" as who rents for a year. */
static const char *choose_offer(const struct question_wish *wish, const struct list *places)
{
    const struct offers offers = offers_of(places);
    const char *named = wish->kinds.offer;
    const char *priced = offer_of_price(&wish->numbers, &offers);
    if (named == NULL) {
        return priced;
    }
    if (strcmp(named, "sale") == 0) {
        return "sale"; /* also where nothing is sold: then there is none */
    }
    if (strcmp(named, "rent") == 0 && priced != NULL && strcmp(priced, "sale") != 0) {
        return priced;
    }
    if (strcmp(named, "short_stay") == 0) {
        return offers.short_stay ? "short_stay" : NULL;
    }
    return offers.lease || !offers.short_stay ? "lease" : "short_stay";
}

void question_wish_among(struct arena *arena, const char *question, const struct list *places,
    struct question_wish *out)
{
    const struct question *read = question_read(arena, question);
    *out = (struct question_wish){0};
    question_numbers(read, &out->numbers);
    question_kinds(arena, read, &out->kinds);
    question_places(arena, read->folded, places, &out->place);
    if (!out->kinds.names_yield) {
        out->numbers.yield_min_micro = NUMBER_NONE; /* some other percentage */
    }
    out->listing_type = choose_offer(out, places);
    const struct manner manner = read_manner(read, out->place.rest);
    out->asked = judge(out, &manner);
    out->words = words_left(arena, read, out->place.rest);
    out->only = is_only_search(out, &manner);
}

err question_wish(struct ctx *ctx, const struct chat_asker *asker, const char *question,
    struct question_wish *out)
{
    struct list places = {0};
    TRY(finder_places(ctx, asker->services->finder, &places));
    question_wish_among(ctx->arena, question, &places, out);
    return OK;
}
