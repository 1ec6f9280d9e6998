/* bookings/ics.h - lines of a calendar as RFC 5545 writes them: folded at 75 octets, ended by CRLF. Pure. */
#ifndef BOOKINGS_ICS_H
#define BOOKINGS_ICS_H

struct buf;

#define ICS_LINE_OCTETS 75

/* "NAME:value"; the value is ours and needs no escape. */
void ics_line(struct buf *out, const char *name, const char *value);
/* Likewise with a text that people wrote: escaped, without control characters. */
void ics_text(struct buf *out, const char *name, const char *text);

#endif
