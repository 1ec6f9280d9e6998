-- A new draft. $1 jsonb columns (names as in the table; absent = the column's default), $2 bigint creator,
-- $3 bigint price in the base currency
INSERT INTO properties (
    slug, created_by, agent_id, listing_type, property_type, property_sub_type, bedrooms_total, bathrooms_total, max_guests,
    living_area_m2, lot_size_m2, year_built, furnished, price_minor, currency, price_period, price_base_minor, district, city,
    province, country, postal_code, address_line, lat, lng, location_approximate, time_zone, amenities, stay_rules,
    cancellation_policy, financials, attributes, default_locale)
SELECT r.slug, $2::bigint, $2::bigint, r.listing_type, r.property_type, r.property_sub_type, r.bedrooms_total,
       r.bathrooms_total, r.max_guests, r.living_area_m2, r.lot_size_m2, r.year_built, r.furnished, r.price_minor, r.currency,
       r.price_period, $3::bigint, r.district, r.city, r.province, coalesce(r.country, 'TH'), r.postal_code, r.address_line,
       r.lat, r.lng, coalesce(r.location_approximate, true), coalesce(r.time_zone, 'Asia/Bangkok'), coalesce(r.amenities, '{}'),
       coalesce(r.stay_rules, '{}'), coalesce(r.cancellation_policy, 'moderate'), coalesce(r.financials, '{}'),
       coalesce(r.attributes, '{}'), coalesce(r.default_locale, 'en')
FROM jsonb_populate_record(NULL::properties, $1::jsonb) r
RETURNING id
