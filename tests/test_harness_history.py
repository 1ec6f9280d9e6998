"""The checker of histories: it finds what cannot have been, and believes what can."""

import pytest

from harness.history import Op, problems


def hold(booking, first, nights, called, returned, house=1, **more):
    return Op("hold", house, first, nights, called, returned, "ok", booking, **more)


def taken(first, nights, called, returned, named, house=1):
    return Op("hold", house, first, nights, called, returned, "taken", named=named)


def cancel(booking, called, returned, outcome="ok"):
    return Op("cancel", 1, 0, 0, called, returned, outcome, booking)


FIRST = hold(1, 10, 3, 0, 1)  # nights 10, 11, 12

GOOD = {
    "nothing": [],
    "neighbours": [FIRST, hold(2, 13, 2, 0, 1), hold(3, 8, 2, 0, 1)],
    "another house": [FIRST, hold(2, 10, 3, 0, 1, house=2)],
    "after a cancellation": [FIRST, cancel(1, 2, 3), hold(2, 11, 1, 4, 5)],
    "during a cancellation": [FIRST, cancel(1, 2, 9), hold(2, 11, 1, 4, 5)],
    "cancelled before its own reply was read": [FIRST, hold(2, 11, 1, 3, 4), cancel(1, 2, 9)],
    "refused for one that lives": [FIRST, taken(11, 1, 2, 3, (9, 13, 8))],
    "refused for one that is being made": [hold(1, 10, 3, 0, 5), taken(11, 1, 2, 3, (9, 13, 8))],
    "refused for one that is being cancelled": [FIRST, cancel(1, 2, 9), taken(11, 1, 3, 4, (9, 13, 8))],
    "named while it is being cancelled": [FIRST, hold(2, 13, 1, 0, 1), cancel(2, 2, 9), taken(11, 1, 3, 4, (9, 13, 8))],
    "named while it may not be made yet": [FIRST, hold(2, 13, 1, 2, 9), taken(11, 1, 3, 4, (9, 13, 8))],
    "not named while it may be made already": [FIRST, hold(2, 13, 1, 2, 9), taken(11, 1, 3, 4, (9, 8, 14))],
    "between two of the same nights": [FIRST, cancel(1, 2, 3), taken(30, 1, 2, 5, (29, 31, 28)), hold(3, 30, 1, 0, 1), hold(2, 11, 1, 4, 5)],
    "the same hold": [FIRST, Op("hold", 1, 10, 3, 2, 3, "same", 1)],
}

BAD = {
    "two at once": ([FIRST, hold(2, 12, 3, 2, 3)], "live at once"),
    "two at once, asked together": ([FIRST, hold(2, 12, 3, 0, 1)], "live at once"),
    "one inside the other": ([FIRST, hold(2, 11, 1, 2, 3)], "live at once"),
    "made before the other is cancelled": ([FIRST, hold(2, 11, 1, 2, 3), cancel(1, 4, 5)], "live at once"),
    "refused for nobody": ([taken(11, 1, 2, 3, (10, 12, 9))], "nobody had them"),
    "refused for a neighbour": ([FIRST, taken(13, 1, 2, 3, (14, 9, 15))], "nobody had them"),
    "refused for another house": ([FIRST, taken(11, 1, 2, 3, (10, 12, 9), house=2)], "nobody had them"),
    "refused for one that was over": ([FIRST, cancel(1, 2, 3), taken(11, 1, 4, 5, (10, 12, 9))], "nobody had them"),
    "refused for one that was not made yet": ([taken(11, 1, 2, 3, (10, 12, 9)), hold(1, 10, 3, 4, 5)], "nobody had them"),
    "named, and taken": ([FIRST, taken(11, 1, 2, 3, (12, 9, 13))], "12 was named as free"),
    "named, and partly taken": ([FIRST, taken(11, 2, 2, 3, (9, 13, 8))], "9 was named as free"),
    "named, and taken by one after the other": ([FIRST, hold(2, 13, 1, 0, 1), cancel(2, 5, 6), hold(3, 14, 1, 3, 4), taken(11, 2, 2, 7, (13, 8, 14))], "13 was named as free"),
    "a nearer one not named": ([FIRST, taken(11, 1, 2, 3, (13, 8, 14))], "9 was free, nearer, and not named"),
    "too few named": ([FIRST, taken(11, 1, 2, 3, (9, 13))], "was free, nearer, and not named"),
    "too many named": ([FIRST, taken(11, 1, 2, 3, (9, 13, 8, 14))], "order of nearness"),
    "named in another order": ([FIRST, taken(11, 1, 2, 3, (13, 9, 8))], "order of nearness"),
    "made twice": ([FIRST, hold(1, 40, 1, 2, 3)], "made twice"),
    "cancelled twice": ([FIRST, cancel(1, 2, 3), cancel(1, 4, 5)], "cancelled, and that before"),
    "cancelled, never made": ([cancel(7, 2, 3)], "never made"),
    "a cancellation refused": ([FIRST, cancel(1, 2, 3, "refused")], "refused"),
    "another one as the same": ([FIRST, Op("hold", 1, 10, 2, 2, 3, "same", 1)], "was given as the hold"),
    "one that is over as the same": ([FIRST, cancel(1, 2, 3), Op("hold", 1, 10, 3, 4, 5, "same", 1)], "was given as the hold"),
}

ENDS = {
    "gone": ([hold(1, 10, 3, 0, 1, note="a")], {}, "acknowledged, and is gone"),
    "not cancelled": ([hold(1, 10, 3, 0, 1, note="a"), cancel(1, 2, 3)], {"a": (1, True)}, "is live in the end"),
    "cancelled by nobody": ([hold(1, 10, 3, 0, 1, note="a")], {"a": (1, False)}, "is over in the end"),
    "made by nobody": ([], {"a": (1, True)}, "nobody made it"),
    "unknown, and in the way": ([hold(1, 10, 3, 0, 1, note="a"), Op("hold", 1, 11, 1, 2, 3, "unknown", note="b")], {"a": (1, True), "b": (2, True)}, None),
    "unknown, refused for it": ([Op("hold", 1, 11, 1, 2, 3, "unknown", note="b"), taken(11, 1, 4, 5, (10, 12, 9))], {"b": (2, True)}, None),
    "unknown, and never done": ([Op("hold", 1, 11, 1, 2, 3, "unknown", note="b"), taken(11, 1, 4, 5, (10, 12, 9))], {}, "nobody had them"),
    "cancelled without an answer": ([hold(1, 10, 3, 0, 1, note="a"), cancel(1, 2, 3, "unknown"), hold(2, 10, 3, 9, 10, note="b")], {"a": (1, False), "b": (2, True)}, None),
    "not cancelled without an answer": ([hold(1, 10, 3, 0, 1, note="a"), cancel(1, 2, 3, "unknown"), hold(2, 10, 3, 9, 10, note="b")],
                                        {"a": (1, True), "b": (2, True)}, "live at once"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_can_have_been_is_believed(name):
    assert problems(GOOD[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_have_been_is_found(name):
    ops, wrong = BAD[name]
    assert any(wrong in problem for problem in problems(ops)), problems(ops)


@pytest.mark.parametrize("name", ENDS)
def test_the_end(name):
    ops, rows, wrong = ENDS[name]
    found = problems(ops, rows)
    assert found == [] if wrong is None else any(wrong in problem for problem in found), found
