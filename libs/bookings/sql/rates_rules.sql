-- Rules with a day between two. $1 bigint property, $2 text currency of the property, $3 text currency wanted, $4 bigint first day,
-- $5 bigint last day
SELECT (lower(u.period) - date '1970-01-01')::bigint AS from_day, (upper(u.period) - date '1970-01-01')::bigint AS to_day,
       coalesce(money_convert(u.nightly_minor, $2::text, $3::text), -1) AS nightly_minor, coalesce(u.min_nights, 0) AS min_nights,
       coalesce(u.max_nights, 0) AS max_nights, weekday_bits(u.closed_to_arrival_dow) AS no_arrival,
       weekday_bits(u.closed_to_departure_dow) AS no_departure, u.priority
FROM rate_rules u
WHERE u.property_id = $1::bigint
  AND u.period && daterange(date '1970-01-01' + $4::bigint::int, date '1970-01-01' + $5::bigint::int, '[]')
