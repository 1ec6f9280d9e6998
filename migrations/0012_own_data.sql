-- Taking one's own data along, and having it erased.

-- A part of what somebody takes along: rows come newest first, as many as fit; complete says whether all did.
CREATE FUNCTION export_part(part json[], max_rows bigint, max_bytes bigint) RETURNS json LANGUAGE sql IMMUTABLE AS $$
    SELECT json_build_object('data', coalesce(json_agg(s.item ORDER BY s.n) FILTER (WHERE s.fits), '[]'),
                             'complete', coalesce(bool_and(s.fits), true))
    FROM (SELECT p.item, p.n, p.n <= max_rows AND sum(octet_length(p.item::text) + 2) OVER (ORDER BY p.n) <= max_bytes AS fits
          FROM unnest(part) WITH ORDINALITY AS p (item, n)) s
$$;

CREATE FUNCTION export_time(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- Nothing comes to belong to somebody who is to be erased: not from a request either that was on its way. Whoever marks a person as
-- deleted holds the row for update, so one of both sees the other.
CREATE FUNCTION person_is_there() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.user_id IS NOT NULL THEN
        PERFORM FROM users u WHERE u.id = NEW.user_id AND u.status <> 'deleted' FOR KEY SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'this person is erased' USING ERRCODE = '23503';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER conversations_person BEFORE INSERT OR UPDATE OF user_id ON conversations FOR EACH ROW EXECUTE FUNCTION person_is_there();
CREATE TRIGGER inquiries_person BEFORE INSERT OR UPDATE OF user_id ON inquiries FOR EACH ROW EXECUTE FUNCTION person_is_there();
CREATE TRIGGER bookings_person BEFORE INSERT OR UPDATE OF user_id ON bookings FOR EACH ROW EXECUTE FUNCTION person_is_there();
CREATE TRIGGER faq_feedback_person BEFORE INSERT OR UPDATE OF user_id ON faq_feedback FOR EACH ROW EXECUTE FUNCTION person_is_there();

CREATE INDEX faq_feedback_user ON faq_feedback (user_id) WHERE user_id IS NOT NULL;
