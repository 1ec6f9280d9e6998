/* tools/listing.h - a listing as one line of text, in English or Thai. In the arena. */
#ifndef TOOLS_LISTING_H
#define TOOLS_LISTING_H

#include <stdint.h>

struct ctx;
struct property;
struct property_price;

/* "THB 9,800 a night", "USD 165,000.50". Both digits of the minor unit, or none when they are zero: all prices have two. */
const char *listing_price(struct ctx *ctx, const struct property_price *price, const char *locale);
/* "-THB 1,234.50". */
const char *listing_money(struct ctx *ctx, int64_t minor, const char *currency, const char *locale);
/* "3 bedrooms", "a studio"; NULL = it has none. */
const char *listing_rooms(struct ctx *ctx, const struct property *property, const char *locale);
/* "Rawai, Phuket". */
const char *listing_place(struct ctx *ctx, const struct property *property);
/* Title, price, rooms, guests or size, place, with " - " between them. */
const char *listing_line(struct ctx *ctx, const struct property *property, const char *locale);

#endif
