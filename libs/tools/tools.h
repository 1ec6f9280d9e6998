/* tools/tools.h - the chat's tools, one file each; a product lists those it wants in its product.c. */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

#include "chat/tool.h"

extern const struct chat_tool tool_faq_rag, tool_property_search, tool_investment_calculator,
    tool_booking_calendar;

#endif
