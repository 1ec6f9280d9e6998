/* faq/csv.h - comma separated values as RFC 4180 has them, read record by record and written cell by cell. Pure.
 * Read: LF, CRLF or CR ends a record, a byte order mark at the start and blank lines are passed over.
 * Spreadsheets run cells that begin with = + - @ as formulas: such a cell is written with a ' in front, and read without. */
#ifndef FAQ_CSV_H
#define FAQ_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

#define CSV_CELLS_MAX 32

struct csv {
    struct arena *arena; /* borrowed; cells live in it */
    const char *at, *end;
    int64_t records; /* read so far */
};
struct csv_record {
    int64_t n;         /* 1 = the first one */
    const char *error; /* constant: what is wrong with its form; then it has no cells */
    const char *cells[CSV_CELLS_MAX];
    size_t count;
};

void csv_init(struct csv *csv, struct arena *arena, const char *text, size_t len);
/* False at the end. After an error reading goes on with the next line. */
bool csv_read(struct csv *csv, struct csv_record *out);

void csv_write(struct buf *out, const char *cell);

#endif
