#include "chat/phrases.h"

#include <stddef.h>
#include <string.h>

static const struct phrases all[] = {
    {
        .locale = "en",
        .unknown = "I do not know: I found nothing about this in our FAQ or our listings. Shall I "
                   "pass your question on to our team?",
        .no_listing = "I do not know of any listing that fits this at the moment. You could ask "
                      "for a little more or less, or I can pass your request on to our team.",
        .greeting =
            "Hello! I answer questions from our FAQ and look for listings that suit you. What "
            "would you like to know?",
        .welcome = "You are welcome! If there is anything else you would like to know, just ask.",
        .one_listing = "One listing fits:",
        .listings = {"", " listings fit:"},
        .first_of = {"", " listings fit, here are the first:"},
        .some = "These listings fit:",
        .close = "Nothing fits all of that, but these come close:",
    },
    {
        .locale = "th",
        .unknown = "ขออภัย เราไม่ทราบคำตอบ เพราะไม่พบเรื่องนี้ในคำถามที่พบบ่อยและในประกาศของเรา "
                   "ต้องการให้ส่งคำถามนี้ต่อให้ทีมงานไหม",
        .no_listing = "ขออภัย ขณะนี้เราไม่ทราบว่ามีประกาศใดที่ตรงกับที่ต้องการ ลองปรับเงื่อนไขดูได้ "
                      "หรือจะให้ส่งคำขอนี้ต่อให้ทีมงานก็ได้",
        .greeting = "สวัสดี เราช่วยตอบคำถามจากคำถามที่พบบ่อย และช่วยหาประกาศที่ตรงกับความต้องการได้ "
                    "อยากทราบเรื่องอะไร",
        .welcome = "ด้วยความยินดี หากอยากทราบเรื่องอื่นอีก ถามได้เลย",
        .one_listing = "พบ 1 ประกาศที่ตรงกัน",
        .listings = {"พบ ", " ประกาศที่ตรงกัน"},
        .first_of = {"พบ ", " ประกาศที่ตรงกัน รายการแรกๆ ได้แก่"},
        .some = "ประกาศที่ตรงกันได้แก่",
        .close = "ไม่มีประกาศที่ตรงทุกข้อ แต่รายการเหล่านี้ใกล้เคียง",
    },
};

const struct phrases *phrases_of(const char *locale)
{
    for (size_t i = 1; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i].locale, locale) == 0) {
            return &all[i];
        }
    }
    return &all[0];
}
