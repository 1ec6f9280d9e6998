/* svc/settings_check.h - rules over more than one setting, and the shapes of single values. Problems are added
 * to the report; nothing is printed here. */
#ifndef SVC_SETTINGS_CHECK_H
#define SVC_SETTINGS_CHECK_H

#include <stdbool.h>

struct arena;
struct config_report;
struct product;
struct settings;

bool settings_is_currency(const char *text);
bool settings_is_locale(const char *text);

void settings_check(struct arena *arena, const struct product *product,
    const struct settings *settings, struct config_report *report);

#endif
