-- $1 jsonb array of rates with rules (seeds/README.md); a property that has rates keeps them
WITH given AS (
    SELECT g.value AS j, p.id AS property_id
    FROM jsonb_array_elements($1::jsonb) g JOIN properties p ON p.slug = g.value ->> 'property'
), added AS (
    INSERT INTO rate_plans (property_id, base_nightly_minor, weekend_nightly_minor, cleaning_fee_minor, extra_guest_minor,
                            extra_guest_from, weekly_discount_pct, monthly_discount_pct, tax_pct, min_nights, max_nights, instant_book)
    SELECT g.property_id, r.base_nightly_minor, r.weekend_nightly_minor, r.cleaning_fee_minor, r.extra_guest_minor,
           r.extra_guest_from, r.weekly_discount_pct, r.monthly_discount_pct, r.tax_pct, r.min_nights, r.max_nights, r.instant_book
    FROM given g, jsonb_populate_record(NULL::rate_plans, g.j) r
    ON CONFLICT (property_id) DO NOTHING
    RETURNING property_id
), rules AS (
    INSERT INTO rate_rules (property_id, period, nightly_minor, min_nights, max_nights, closed_to_arrival_dow, closed_to_departure_dow,
                            priority)
    SELECT a.property_id, daterange((u ->> 'from')::date, (u ->> 'to')::date), r.nightly_minor, r.min_nights, r.max_nights,
           coalesce(r.closed_to_arrival_dow, '{}'), coalesce(r.closed_to_departure_dow, '{}'), coalesce(r.priority, 0)
    FROM added a JOIN given g USING (property_id), jsonb_array_elements(g.j -> 'rules') u, jsonb_populate_record(NULL::rate_rules, u) r
)
SELECT count(*) AS count FROM added
