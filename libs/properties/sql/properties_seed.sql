-- $1 jsonb array of properties with texts, images and price_history (seeds/README.md); a slug that is there stays
WITH given AS (
    SELECT value AS j FROM jsonb_array_elements($1::jsonb)
), added AS (
    INSERT INTO properties (
        slug, created_by, agent_id, listing_type, property_type, property_sub_type, status, bedrooms_total, bathrooms_total,
        max_guests, living_area_m2, lot_size_m2, year_built, furnished, price_minor, currency, price_period, price_base_minor,
        district, city, province, country, postal_code, address_line, lat, lng, location_approximate, amenities, stay_rules,
        cancellation_policy, financials, attributes, default_locale, published_at)
    SELECT r.slug, u.id, u.id, r.listing_type, r.property_type, r.property_sub_type, r.status, r.bedrooms_total,
           r.bathrooms_total, r.max_guests, r.living_area_m2, r.lot_size_m2, r.year_built, r.furnished, r.price_minor,
           r.currency, r.price_period, r.price_base_minor, r.district, r.city, r.province, r.country, r.postal_code,
           r.address_line, r.lat, r.lng, r.location_approximate, r.amenities, coalesce(r.stay_rules, '{}'),
           r.cancellation_policy, coalesce(r.financials, '{}'), coalesce(r.attributes, '{}'), r.default_locale, r.published_at
    FROM given g, jsonb_populate_record(NULL::properties, g.j) r, users u
    WHERE u.clerk_user_id = g.j ->> 'agent'
    ON CONFLICT (slug) DO NOTHING
    RETURNING id, slug
), texts AS (
    INSERT INTO property_texts (property_id, locale, title, description)
    SELECT a.id, t.key, t.value ->> 'title', t.value ->> 'description'
    FROM added a JOIN given g ON g.j ->> 'slug' = a.slug, jsonb_each(g.j -> 'texts') t
), images AS (
    INSERT INTO property_images (property_id, url, alt, position, width, height)
    SELECT a.id, i.value ->> 'url', i.value -> 'alt', i.n - 1, (i.value ->> 'width')::int, (i.value ->> 'height')::int
    FROM added a JOIN given g ON g.j ->> 'slug' = a.slug, jsonb_array_elements(g.j -> 'images') WITH ORDINALITY AS i (value, n)
), history AS (
    INSERT INTO property_price_history (property_id, price_minor, currency, changed_at)
    SELECT a.id, (h.value ->> 'price_minor')::bigint, h.value ->> 'currency', (h.value ->> 'changed_at')::timestamptz
    FROM added a JOIN given g ON g.j ->> 'slug' = a.slug, jsonb_array_elements(g.j -> 'price_history') h
), jobs_queued AS (
    INSERT INTO jobs (kind, payload, dedupe_key)
    SELECT 'property.embed', json_build_object('property_id', a.id)::jsonb, 'property.embed:' || a.id FROM added a
)
SELECT count(*) AS count FROM added
