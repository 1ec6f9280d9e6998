/* chat/phrases.h - the few sentences of our own in an answer that no model words, by locale. */
#ifndef CHAT_PHRASES_H
#define CHAT_PHRASES_H

/* A sentence with a number in it. */
struct phrase {
    const char *before, *behind;
};
struct phrases {
    const char *locale;
    const char *unknown;     /* nothing was found: passing the question on is offered */
    const char *no_listing;  /* the same when only listings were asked for */
    const char *greeting;    /* to somebody who only says hello: what we can do */
    const char *welcome;     /* to somebody who only says thanks */
    const char *one_listing; /* before the line of the only one */
    struct phrase listings;  /* how many fit, all of them below */
    struct phrase first_of;  /* how many fit, the first of them below */
    const char *some;        /* not counted */
    const char *close;       /* fit in part only */
};
/* Those of the locale or, as a last resort, English. */
const struct phrases *phrases_of(const char *locale);

#endif
