-- What stays at a listing cost, in a currency, with the rules that have a day between two, and whether nobody has a night between them;
-- in one statement, so that rates and rules are of one moment. A rule is eight numbers, one space between all: from, to, price or -1,
-- shortest and longest stay or 0, closed weekdays as bits, priority. $1 bigint property, $2 text currency (NULL = its own), $3 bigint viewer,
-- $4 boolean admin, $5 bigint first day, $6 bigint last day, $7 boolean nights are asked for
SELECT p.id AS property_id, c.currency, z.time_zone, p.cancellation_policy,
       ((now() AT TIME ZONE z.time_zone)::date - date '1970-01-01')::bigint AS today, p.max_guests, v.is_mine,
       money_convert(coalesce(r.base_nightly_minor, p.price_minor), p.currency, c.currency) AS base_minor,
       coalesce(money_convert(r.weekend_nightly_minor, p.currency, c.currency), -1) AS weekend_minor,
       money_convert(coalesce(r.cleaning_fee_minor, 0), p.currency, c.currency) AS cleaning_minor,
       money_convert(coalesce(r.extra_guest_minor, 0), p.currency, c.currency) AS extra_guest_minor, r.extra_guest_from,
       (coalesce(r.weekly_discount_pct, 0) * 1000)::bigint AS weekly_discount,
       (coalesce(r.monthly_discount_pct, 0) * 1000)::bigint AS monthly_discount, (coalesce(r.tax_pct, 0) * 1000)::bigint AS tax,
       coalesce(r.min_nights, (p.stay_rules ->> 'min_nights')::bigint, 1) AS min_nights,
       least(coalesce(r.max_nights, (p.stay_rules ->> 'max_nights')::bigint, 365), 365) AS max_nights,
       $7::boolean AND nights_are_free(p.id, daterange(d.first, d.last)) AS is_free,
       coalesce((SELECT string_agg(concat_ws(' ', lower(u.period) - date '1970-01-01', upper(u.period) - date '1970-01-01',
                              coalesce(CASE WHEN p.currency = c.currency THEN u.nightly_minor -- a call costs as much as the row
                                            ELSE money_convert(u.nightly_minor, p.currency, c.currency) END, -1),
                              coalesce(u.min_nights, 0), coalesce(u.max_nights, 0),
                              CASE WHEN u.closed_to_arrival_dow = '{}' THEN 0 ELSE weekday_bits(u.closed_to_arrival_dow) END,
                              CASE WHEN u.closed_to_departure_dow = '{}' THEN 0 ELSE weekday_bits(u.closed_to_departure_dow) END,
                              u.priority), ' ')
             FROM rate_rules u WHERE u.property_id = p.id AND u.period && daterange(d.first, d.last, '[]')), '') AS rules
FROM properties p LEFT JOIN rate_plans r ON r.property_id = p.id,
     LATERAL (SELECT property_zone(p) AS time_zone OFFSET 0) z, -- once: it is asked for twice
     LATERAL (SELECT coalesce($2::text, p.currency) AS currency) c,
     LATERAL (SELECT date '1970-01-01' + $5::bigint::int AS first, date '1970-01-01' + $6::bigint::int AS last) d,
     LATERAL (SELECT $4::boolean OR coalesce(p.agent_id = $3::bigint OR p.created_by = $3::bigint, false) AS is_mine) v
WHERE p.id = $1::bigint AND p.listing_type = 'short_stay' AND (p.status = 'active' OR v.is_mine)
  AND (r.property_id IS NOT NULL OR p.price_period = 'night')
