-- What stays at a listing cost, in a currency, and whether nobody has one of some nights. $1 bigint property, $2 text currency
-- (NULL = its own), $3 bigint viewer, $4 boolean admin, $5 bigint first day of the nights, $6 bigint day of leaving (both NULL = not asked)
SELECT p.id AS property_id, p.currency AS own_currency, c.currency, z.time_zone, p.cancellation_policy,
       ((now() AT TIME ZONE z.time_zone)::date - date '1970-01-01')::bigint AS today, p.max_guests, v.is_mine,
       money_convert(coalesce(r.base_nightly_minor, p.price_minor), p.currency, c.currency) AS base_minor,
       coalesce(money_convert(r.weekend_nightly_minor, p.currency, c.currency), -1) AS weekend_minor,
       money_convert(coalesce(r.cleaning_fee_minor, 0), p.currency, c.currency) AS cleaning_minor,
       money_convert(coalesce(r.extra_guest_minor, 0), p.currency, c.currency) AS extra_guest_minor, r.extra_guest_from,
       (coalesce(r.weekly_discount_pct, 0) * 1000)::bigint AS weekly_discount,
       (coalesce(r.monthly_discount_pct, 0) * 1000)::bigint AS monthly_discount, (coalesce(r.tax_pct, 0) * 1000)::bigint AS tax,
       coalesce(r.min_nights, (p.stay_rules ->> 'min_nights')::bigint, 1) AS min_nights,
       least(coalesce(r.max_nights, (p.stay_rules ->> 'max_nights')::bigint, 365), 365) AS max_nights,
       $5::bigint IS NOT NULL
           AND nights_are_free(p.id, daterange(date '1970-01-01' + $5::bigint::int, date '1970-01-01' + $6::bigint::int)) AS is_free
FROM properties p LEFT JOIN rate_plans r ON r.property_id = p.id,
     LATERAL (SELECT property_zone(p) AS time_zone OFFSET 0) z, -- once: it is asked for twice
     LATERAL (SELECT coalesce($2::text, p.currency) AS currency) c,
     LATERAL (SELECT $4::boolean OR coalesce(p.agent_id = $3::bigint OR p.created_by = $3::bigint, false) AS is_mine) v
WHERE p.id = $1::bigint AND p.listing_type = 'short_stay' AND (p.status = 'active' OR v.is_mine)
  AND (r.property_id IS NOT NULL OR p.price_period = 'night')
