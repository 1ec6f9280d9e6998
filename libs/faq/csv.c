#include "faq/csv.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"

#define FORMULA_STARTS "=+-@\t\r"

static const char bom[] = "\xEF\xBB\xBF";

/* Where the formula's own first byte is, after any ' in front of it; NULL if the cell is none. */
static const char *formula(const char *cell)
{
    const char *start = cell + strspn(cell, "'");
    return *start != '\0' && strchr(FORMULA_STARTS, *start) != NULL ? start : NULL;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

void csv_init(struct csv *csv, struct arena *arena, const char *text, size_t len)
{
    *csv = (struct csv){.arena = arena, .at = text, .end = text + len};
    if (len >= sizeof(bom) - 1 && memcmp(text, bom, sizeof(bom) - 1) == 0) {
        csv->at += sizeof(bom) - 1;
    }
}

/* At a line end: passes over it. */
static void end_line(struct csv *csv)
{
    if (csv->at < csv->end && *csv->at == '\r') {
        csv->at++;
        csv->at += csv->at < csv->end && *csv->at == '\n';
    } else if (csv->at < csv->end) {
        csv->at++;
    }
}

static const char *keep(struct csv *csv, const char *text, size_t len)
{
    const char *cell = arena_strndup(csv->arena, text, len);
    const char *start = formula(cell);
    return start != NULL && start > cell ? cell + 1 : cell;
}

/* Behind the quote that closes the cell at start; NULL if none does. */
static const char *find_close(const char *start, const char *end)
{
    for (const char *c = start + 1; c < end; c++) {
        if (*c == '"' && (c + 1 == end || c[1] != '"')) {
            return c + 1;
        }
        c += *c == '"';
    }
    return NULL;
}

static const char *read_quoted(struct csv *csv, const char **out)
{
    const char *start = csv->at + 1;
    const char *close = find_close(csv->at, csv->end);
    if (close == NULL) {
        csv->at = csv->end;
        return "has a quote that is not closed";
    }
    char *to = arena_alloc_raw(csv->arena, (size_t)(close - start));
    size_t len = 0;
    for (const char *c = start; c < close - 1; c++) {
        to[len++] = *c;
        c += *c == '"'; /* the second one of a pair */
    }
    csv->at = close;
    *out = keep(csv, to, len);
    const bool ends = close == csv->end || *close == ',' || is_line_end(*close);
    return ends ? NULL : "has text after a closing quote";
}

static const char *read_plain(struct csv *csv, const char **out)
{
    const char *start = csv->at;
    while (csv->at < csv->end && *csv->at != ',' && !is_line_end(*csv->at)) {
        if (*csv->at == '"') {
            return "has a quote inside a cell without quotes";
        }
        csv->at++;
    }
    *out = keep(csv, start, (size_t)(csv->at - start));
    return NULL;
}

static const char *read_cells(struct csv *csv, struct csv_record *out)
{
    for (;;) {
        const char *cell = NULL;
        const bool quoted = csv->at < csv->end && *csv->at == '"';
        const char *error = quoted ? read_quoted(csv, &cell) : read_plain(csv, &cell);
        if (error == NULL && out->count == CSV_CELLS_MAX) {
            error = "has too many cells";
        }
        if (error != NULL) {
            return error;
        }
        out->cells[out->count++] = cell;
        if (csv->at == csv->end || *csv->at != ',') {
            return NULL;
        }
        csv->at++;
    }
}

bool csv_read(struct csv *csv, struct csv_record *out)
{
    while (csv->at < csv->end && is_line_end(*csv->at)) {
        csv->at++;
    }
    if (csv->at == csv->end) {
        return false;
    }
    *out = (struct csv_record){.n = ++csv->records};
    out->error = read_cells(csv, out);
    if (out->error != NULL) {
        out->count = 0;
        while (csv->at < csv->end && !is_line_end(*csv->at)) {
            csv->at++;
        }
    }
    end_line(csv);
    return true;
}

void csv_write(struct buf *out, const char *cell)
{
    const char *guard = formula(cell) != NULL ? "'" : "";
    if (strpbrk(cell, ",\"\r\n") == NULL && *cell != ' ' && *cell != '\0') {
        buf_str(out, guard);
        buf_str(out, cell);
        return;
    }
    buf_char(out, '"');
    buf_str(out, guard);
    for (const char *c = cell; *c != '\0'; c++) {
        buf_str(out, *c == '"' ? "\"" : "");
        buf_char(out, *c);
    }
    buf_char(out, '"');
}
