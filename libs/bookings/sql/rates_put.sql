-- Sets the rates of a listing, all of them, with its record. $1 bigint property, $2 jsonb columns, $3 bigint actor, $4 text request id
WITH done AS (
    INSERT INTO rate_plans (property_id, base_nightly_minor, weekend_nightly_minor, cleaning_fee_minor, extra_guest_minor,
                            extra_guest_from, weekly_discount_pct, monthly_discount_pct, tax_pct, min_nights, max_nights, instant_book)
    SELECT $1::bigint, r.base_nightly_minor, r.weekend_nightly_minor, coalesce(r.cleaning_fee_minor, 0), coalesce(r.extra_guest_minor, 0),
           r.extra_guest_from, coalesce(r.weekly_discount_pct, 0), coalesce(r.monthly_discount_pct, 0), coalesce(r.tax_pct, 0),
           coalesce(r.min_nights, 1), coalesce(r.max_nights, 365), coalesce(r.instant_book, true)
    FROM jsonb_populate_record(NULL::rate_plans, $2::jsonb) r
    ON CONFLICT (property_id) DO UPDATE
    SET (base_nightly_minor, weekend_nightly_minor, cleaning_fee_minor, extra_guest_minor, extra_guest_from, weekly_discount_pct,
         monthly_discount_pct, tax_pct, min_nights, max_nights, instant_book, updated_at, version) =
        (excluded.base_nightly_minor, excluded.weekend_nightly_minor, excluded.cleaning_fee_minor, excluded.extra_guest_minor,
         excluded.extra_guest_from, excluded.weekly_discount_pct, excluded.monthly_discount_pct, excluded.tax_pct, excluded.min_nights,
         excluded.max_nights, excluded.instant_book, now(), rate_plans.version + 1)
    RETURNING property_id
)
INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, after, request_id)
SELECT $3::bigint, 'user', 'property.rates', 'property', d.property_id, $2::jsonb, $4::text FROM done d
