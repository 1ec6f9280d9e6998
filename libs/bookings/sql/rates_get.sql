-- The rates of a listing as its host set them, or what it goes by without. $1 bigint property, $2 bigint actor, $3 boolean admin
SELECT p.id AS property_id, p.currency, coalesce(r.base_nightly_minor, p.price_minor) AS base_nightly_minor, r.weekend_nightly_minor,
       coalesce(r.cleaning_fee_minor, 0) AS cleaning_fee_minor, coalesce(r.extra_guest_minor, 0) AS extra_guest_minor, r.extra_guest_from,
       coalesce(r.weekly_discount_pct, 0)::float8 AS weekly_discount_pct, coalesce(r.monthly_discount_pct, 0)::float8 AS monthly_discount_pct,
       coalesce(r.tax_pct, 0)::float8 AS tax_pct, coalesce(r.min_nights, (p.stay_rules ->> 'min_nights')::bigint, 1) AS min_nights,
       least(coalesce(r.max_nights, (p.stay_rules ->> 'max_nights')::bigint, 365), 365) AS max_nights,
       coalesce(r.instant_book, true) AS instant_book,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'from', lower(u.period), 'to', upper(u.period), 'nightly_minor', u.nightly_minor, 'min_nights', u.min_nights,
            'max_nights', u.max_nights, 'closed_to_arrival_dow', u.closed_to_arrival_dow,
            'closed_to_departure_dow', u.closed_to_departure_dow, 'priority', u.priority) ORDER BY u.priority DESC, u.period), '[]')
        FROM rate_rules u WHERE u.property_id = p.id) AS rules,
       coalesce(r.version, 0) AS version
FROM properties p LEFT JOIN rate_plans r ON r.property_id = p.id
WHERE p.id = $1::bigint AND p.listing_type = 'short_stay' AND ($3::boolean OR p.agent_id = $2::bigint OR p.created_by = $2::bigint)
