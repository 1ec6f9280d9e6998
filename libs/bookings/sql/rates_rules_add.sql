-- The rules of a listing. $1 bigint property, $2 jsonb object with a list of them in "rules"
INSERT INTO rate_rules (property_id, period, nightly_minor, min_nights, max_nights, closed_to_arrival_dow, closed_to_departure_dow, priority)
SELECT $1::bigint, daterange((u ->> 'from')::date, (u ->> 'to')::date), (u ->> 'nightly_minor')::bigint, (u ->> 'min_nights')::smallint,
       (u ->> 'max_nights')::smallint, coalesce(r.closed_to_arrival_dow, '{}'), coalesce(r.closed_to_departure_dow, '{}'),
       coalesce(r.priority, 0)
FROM jsonb_array_elements(coalesce($2::jsonb -> 'rules', '[]')) u, jsonb_populate_record(NULL::rate_rules, u) r
