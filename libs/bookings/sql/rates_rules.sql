-- Rules with a day between two. $1 bigint property, $2 text currency, $3 bigint first day, $4 bigint last day
SELECT (lower(u.period) - date '1970-01-01')::bigint AS from_day, (upper(u.period) - date '1970-01-01')::bigint AS to_day,
       coalesce(money_convert(u.nightly_minor, p.currency, $2::text), -1) AS nightly_minor, coalesce(u.min_nights, 0) AS min_nights,
       coalesce(u.max_nights, 0) AS max_nights,
       (SELECT coalesce(bit_or(1 << d), 0) FROM unnest(u.closed_to_arrival_dow) d) AS no_arrival,
       (SELECT coalesce(bit_or(1 << d), 0) FROM unnest(u.closed_to_departure_dow) d) AS no_departure, u.priority
FROM rate_rules u JOIN properties p ON p.id = u.property_id
WHERE u.property_id = $1::bigint
  AND u.period && daterange(date '1970-01-01' + $3::bigint::int, date '1970-01-01' + $4::bigint::int, '[]')
