"""Decides from what clients asked and heard, and when, whether it can have been so: every call did what it did at some moment between its
sending and its reply. Days are numbers, nights half open."""

import collections
import math
from dataclasses import dataclass

NEAR = range(-30, 91)  # the days, seen from the one asked for, among which the server looks for free ones
NAMED_MAX = 3


@dataclass
class Op:
    """One call. outcome: "ok"; "taken" (somebody has a night); "same" (the caller holds these nights already); "refused" (wrong state);
    "unknown" (no answer, or one that does not say)."""

    what: str  # "hold" or "cancel"
    house: int
    first: int
    nights: int
    called: float
    returned: float
    outcome: str
    booking: int = None
    named: tuple = ()  # first days of the nights that are free instead, as told
    note: str = ""     # of a hold: finds its row


@dataclass
class Stay:
    """A booking as it can have been: live from a moment in [maybe, surely] up to one in [unsure, over]."""

    booking: int
    house: int
    first: int
    end: int
    maybe: float
    surely: float
    unsure: float = math.inf
    over: float = math.inf

    def meets(self, first, end):
        return self.first < end and first < self.end

    def can_live_in(self, called, returned):
        return self.maybe <= returned and self.over >= called

    def __str__(self):
        return f"{self.booking} (house {self.house}, {self.first} to {self.end})"


def settled(ops, rows):
    """Calls without an answer become what the rows say they did: {note: (booking, is_live)}, or are left out. When they did it stays
    open at the end."""
    live = dict(rows.values())
    known = []
    for op in ops:
        if op.outcome != "unknown":
            known.append(op)
        elif op.what == "hold" and op.note in rows:
            known.append(Op(**{**vars(op), "outcome": "ok", "booking": rows[op.note][0], "returned": math.inf}))
        elif op.what == "cancel" and live.get(op.booking) is False:
            known.append(Op(**{**vars(op), "outcome": "ok", "returned": math.inf}))
    return known


def stays_of(ops):
    """Every booking that a call made, with its end; and what is wrong with that alone."""
    stays, wrong = {}, []
    for op in ops:
        if op.what == "hold" and op.outcome == "ok":
            if op.booking in stays:
                wrong.append(f"booking {op.booking} was made twice")
            stays[op.booking] = Stay(op.booking, op.house, op.first, op.first + op.nights, op.called, op.returned)
    ended = set()
    for op in ops:
        if op.what == "cancel" and op.outcome == "ok":
            if op.booking not in stays or op.booking in ended:
                wrong.append(f"booking {op.booking} was cancelled, and {'that before' if op.booking in ended else 'never made'}")
                continue
            ended.add(op.booking)
            stays[op.booking].unsure, stays[op.booking].over = op.called, op.returned
    return stays, wrong


def overlaps(stays):
    """Two of the same nights, and neither can have ended before the other began."""
    for i, one in enumerate(stays):
        for other in stays[:i]:
            if one.meets(other.first, other.end) and one.unsure > other.surely and other.unsure > one.surely:
                yield f"bookings {one} and {other} were live at once"


def covered(stays, called, returned):
    """Whether at every moment of the call one of them was live for sure."""
    reached = called
    for stay in sorted(stays, key=lambda stay: stay.surely):
        if stay.surely > reached:
            break
        reached = max(reached, stay.unsure)
    return reached > returned


def refusal(op, stays):
    """What is wrong with being told that the nights are taken, and with what is named instead."""
    around = [stay for stay in stays if stay.can_live_in(op.called, op.returned)]
    asked = f"{op.nights} nights from {op.first} at house {op.house}, asked at {op.called:.3f}"
    if not any(stay.meets(op.first, op.first + op.nights) for stay in around):
        yield f"{asked}: taken, and nobody had them"
    for first in op.named:
        here = [stay for stay in around if stay.meets(first, first + op.nights)]
        if covered(here, op.called, op.returned):
            yield f"{asked}: {first} was named as free, and was not: {here[0]}"
    order = [(abs(first - op.first), first) for first in op.named]
    if order != sorted(set(order)) or len(order) > NAMED_MAX:
        yield f"{asked}: {op.named} is not in order of nearness"
    last = order[-1] if len(order) == NAMED_MAX else (math.inf, 0)
    for first in (op.first + step for step in NEAR):
        if first >= 1 and first not in op.named and (abs(first - op.first), first) < last:
            if not any(stay.meets(first, first + op.nights) for stay in around):
                yield f"{asked}: {first} was free, nearer, and not named"


def end_state(stays, rows):
    live = {booking: is_live for booking, is_live in rows.values()}
    for booking in sorted(set(live) - set(stays)):
        yield f"booking {booking} is there, and nobody made it"
    for booking, stay in stays.items():
        if live.get(booking) is None:
            yield f"booking {stay} was acknowledged, and is gone"
        elif live[booking] != (stay.unsure == math.inf):
            yield f"booking {stay} is {'live' if live[booking] else 'over'} in the end"


def problems(ops, rows=None):
    """All that cannot have been, in words. rows: what is there in the end, {note: (booking, is_live)}."""
    known = settled(ops, rows or {})
    stays, wrong = stays_of(known)
    houses = collections.defaultdict(list)
    for stay in stays.values():
        houses[stay.house].append(stay)
    for here in houses.values():
        wrong += overlaps(here)
    for op in known:
        if op.what == "hold" and op.outcome == "taken":
            wrong += refusal(op, houses[op.house])
        elif op.outcome == "refused":
            wrong.append(f"{op.what} of {op.booking} was refused, and nobody else moved it")
        elif op.outcome == "same":
            stay = stays.get(op.booking)
            if stay is None or (stay.house, stay.first, stay.end) != (op.house, op.first, op.first + op.nights) or not stay.can_live_in(op.called, op.returned):
                wrong.append(f"{stay or op.booking} was given as the hold of {op.nights} nights from {op.first}")
    return wrong + (list(end_state(stays, rows)) if rows is not None else [])
