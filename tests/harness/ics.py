"""Calendars as RFC 5545 has them, read strictly: what a program that subscribes to one would stumble over is an error here."""

import datetime
import re

NAME = re.compile(r"[A-Z][A-Z0-9-]*")
STAMP = re.compile(r"\d{8}T\d{6}Z")
ESCAPES = {"\\\\": "\\", "\\;": ";", "\\,": ",", "\\n": "\n", "\\N": "\n"}
ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS", "TRANSP", "SEQUENCE"}


def lines_of(body):
    """Content lines, unfolded."""
    assert body.endswith(b"\r\n")
    physical = body[:-2].split(b"\r\n")
    for line in physical:
        assert b"\r" not in line and b"\n" not in line and 0 < len(line) <= 75, line
        line.decode()  # nobody cut a character
    assert not physical[0].startswith((b" ", b"\t"))
    lines = []
    for line in physical:
        if line.startswith((b" ", b"\t")):
            lines[-1] += line[1:].decode()
        else:
            lines.append(line.decode())
    return lines


def text_of(value):
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value) and not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value), value
    return re.sub(r"\\[\\;,nN]", lambda match: ESCAPES[match[0]], value)


def property_of(line):
    """(name, parameters, value)"""
    head, colon, value = line.partition(":")
    name, *parameters = head.split(";")
    assert colon and NAME.fullmatch(name), line
    return name, dict(parameter.split("=", 1) for parameter in parameters), value


def date_of(parameters, value):
    assert parameters == {"VALUE": "DATE"} and re.fullmatch(r"\d{8}", value), value
    return datetime.datetime.strptime(value, "%Y%m%d").date().isoformat()


def event_of(properties):
    names = [name for name, _, _ in properties]
    assert len(names) == len(set(names)) and {"UID", "DTSTAMP", "DTSTART"} <= set(names) <= ONCE, names
    found = {name: (parameters, value) for name, parameters, value in properties}
    assert STAMP.fullmatch(found["DTSTAMP"][1]) and found["STATUS"][1] in ("TENTATIVE", "CONFIRMED") and found["TRANSP"][1] == "OPAQUE"
    first, end = date_of(*found["DTSTART"]), date_of(*found["DTEND"])
    assert first < end and int(found["SEQUENCE"][1]) >= 0
    return {"uid": text_of(found["UID"][1]), "from": first, "to": end, "summary": text_of(found["SUMMARY"][1]), "status": found["STATUS"][1],
            "sequence": int(found["SEQUENCE"][1])}


def read(body):
    """(properties of the calendar, its events)"""
    lines = [property_of(line) for line in lines_of(body)]
    assert lines[0] == ("BEGIN", {}, "VCALENDAR") and lines[-1] == ("END", {}, "VCALENDAR")
    calendar, events, event = {}, [], None
    for name, parameters, value in lines[1:-1]:
        if name == "BEGIN":
            assert value == "VEVENT" and event is None
            event = []
        elif name == "END":
            assert value == "VEVENT"
            events.append(event_of(event))
            event = None
        elif event is not None:
            event.append((name, parameters, value))
        else:
            assert not events and name not in calendar and not parameters, name
            calendar[name] = text_of(value)
    assert event is None and calendar["VERSION"] == "2.0" and calendar["PRODID"]
    assert len({row["uid"] for row in events}) == len(events)
    return calendar, events
