-- Applies a merge patch of columns (absent = unchanged, null = no value) and counts the version on.
-- $1 bigint id, $2 jsonb columns, $3 bigint price in the base currency (NULL = unchanged)
UPDATE properties p
SET (slug, agent_id, listing_type, property_type, property_sub_type, status, bedrooms_total, bathrooms_total, max_guests,
     living_area_m2, lot_size_m2, year_built, furnished, price_minor, currency, price_period, district, city, province,
     country, postal_code, address_line, lat, lng, location_approximate, time_zone, amenities, stay_rules,
     cancellation_policy, financials, attributes) =
    (SELECT r.slug, r.agent_id, r.listing_type, r.property_type, r.property_sub_type, r.status, r.bedrooms_total,
            r.bathrooms_total, r.max_guests, r.living_area_m2, r.lot_size_m2, r.year_built, r.furnished, r.price_minor,
            r.currency, r.price_period, r.district, r.city, r.province, r.country, r.postal_code, r.address_line, r.lat, r.lng,
            r.location_approximate, r.time_zone, r.amenities, jsonb_strip_nulls(p.stay_rules || r.stay_rules),
            r.cancellation_policy, jsonb_strip_nulls(p.financials || r.financials), jsonb_strip_nulls(p.attributes || r.attributes)
     FROM jsonb_populate_record(p, $2::jsonb) r),
    price_base_minor = coalesce($3::bigint, p.price_base_minor),
    published_at = CASE WHEN $2::jsonb ->> 'status' = 'active' THEN coalesce(p.published_at, now()) ELSE p.published_at END,
    archived_at = CASE WHEN $2::jsonb ->> 'status' = 'archived' THEN now() ELSE NULL END,
    updated_at = now(),
    version = p.version + 1
WHERE p.id = $1::bigint
