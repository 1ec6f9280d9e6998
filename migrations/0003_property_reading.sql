-- How properties are filtered and shown, each in one place. These functions are single SELECTs, so the planner inlines
-- them into the statement that uses them: a filter that is not given disappears, one that is given finds its index.

-- Great-circle distance in km (haversine, mean Earth radius 6371.0088 km).
CREATE FUNCTION distance_km(lat1 double precision, lng1 double precision, lat2 double precision, lng2 double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT 2 * 6371.0088 * asin(least(1, sqrt(
        power(sin(radians(lat2 - lat1) / 2), 2) +
        cos(radians(lat1)) * cos(radians(lat2)) * power(sin(radians(lng2 - lng1) / 2), 2))))
$$;

-- A list inside a filter: JSON array of strings to text[].
CREATE FUNCTION json_texts(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(value) FROM jsonb_array_elements_text(list)
$$;

-- Rows that fit f, a JSON object of the filters of GET /properties: absent = any. bbox, near and radius_km arrive split
-- into numbers; near also brings the box around its circle, which the index understands.
CREATE FUNCTION properties_filtered(f jsonb) RETURNS SETOF properties LANGUAGE sql STABLE AS $$
    SELECT p.*
    FROM properties p
    WHERE (f ->> 'status' IS NULL OR p.status = f ->> 'status')
      AND (f ->> 'listing_type' IS NULL OR p.listing_type = f ->> 'listing_type')
      AND (f -> 'property_type' IS NULL OR p.property_type = ANY (json_texts(f -> 'property_type')))
      AND (f -> 'property_sub_type' IS NULL OR p.property_sub_type = ANY (json_texts(f -> 'property_sub_type')))
      AND (f ->> 'price_min' IS NULL OR p.price_base_minor >= (f ->> 'price_min')::bigint)
      AND (f ->> 'price_max' IS NULL OR p.price_base_minor <= (f ->> 'price_max')::bigint)
      AND (f ->> 'bedrooms_min' IS NULL OR p.bedrooms_total >= (f ->> 'bedrooms_min')::int)
      AND (f ->> 'bedrooms_max' IS NULL OR p.bedrooms_total <= (f ->> 'bedrooms_max')::int)
      AND (f ->> 'bathrooms_min' IS NULL OR p.bathrooms_total >= (f ->> 'bathrooms_min')::numeric)
      AND (f ->> 'guests' IS NULL OR p.max_guests >= (f ->> 'guests')::int)
      AND (f ->> 'living_area_min' IS NULL OR p.living_area_m2 >= (f ->> 'living_area_min')::numeric)
      AND (f ->> 'living_area_max' IS NULL OR p.living_area_m2 <= (f ->> 'living_area_max')::numeric)
      AND (f ->> 'lot_size_min' IS NULL OR p.lot_size_m2 >= (f ->> 'lot_size_min')::numeric)
      AND (f ->> 'lot_size_max' IS NULL OR p.lot_size_m2 <= (f ->> 'lot_size_max')::numeric)
      AND (f ->> 'year_built_min' IS NULL OR p.year_built >= (f ->> 'year_built_min')::int)
      AND (f -> 'city' IS NULL OR p.city = ANY (json_texts(f -> 'city')))
      AND (f ->> 'province' IS NULL OR p.province = f ->> 'province')
      AND (f ->> 'district' IS NULL OR p.district = f ->> 'district')
      AND (f ->> 'country' IS NULL OR p.country = f ->> 'country')
      AND (f ->> 'lat_min' IS NULL OR p.lat BETWEEN (f ->> 'lat_min')::float8 AND (f ->> 'lat_max')::float8)
      AND (f ->> 'lng_min' IS NULL OR p.lng BETWEEN (f ->> 'lng_min')::float8 AND (f ->> 'lng_max')::float8)
      AND (f ->> 'radius_km' IS NULL OR distance_km(p.lat, p.lng, (f ->> 'near_lat')::float8, (f ->> 'near_lng')::float8)
               <= (f ->> 'radius_km')::float8)
      AND (f -> 'amenities' IS NULL OR p.amenities @> json_texts(f -> 'amenities'))
      AND (f -> 'any_amenities' IS NULL OR p.amenities && json_texts(f -> 'any_amenities'))
      AND (f ->> 'cap_rate_min' IS NULL OR p.cap_rate_pct >= (f ->> 'cap_rate_min')::float8)
      AND (f ->> 'tenure' IS NULL OR p.financials ->> 'tenure' = f ->> 'tenure')
      AND (f -> 'ids' IS NULL OR p.id = ANY (json_texts(f -> 'ids')::bigint[]))
      AND (f ->> 'updated_since' IS NULL OR p.updated_at >= (f ->> 'updated_since')::timestamptz)
$$;

-- Money of one currency in another by the latest rate; NULL if there is none. Both have two decimals.
CREATE FUNCTION money_convert(amount_minor bigint, from_currency text, to_currency text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN from_currency = to_currency THEN amount_minor
                ELSE (SELECT round(amount_minor * r.rate)::bigint FROM fx_rates r
                      WHERE r.base = from_currency AND r.quote = to_currency ORDER BY r.as_of DESC LIMIT 1) END
$$;

-- A row of a list. exact: whether the viewer may see exact coordinates of an approximate location.
CREATE FUNCTION property_summary(p properties, wanted_locale text, exact boolean)
RETURNS TABLE (
    id bigint, slug text, title text, listing_type text, property_type text, property_sub_type text, status text,
    "price.amount_minor" bigint, "price.currency" char(3), "price.period" text,
    district text, city text, province text, country char(2),
    "location.lat" double precision, "location.lng" double precision, "location.approximate" boolean,
    bedrooms_total smallint, bathrooms_total numeric, max_guests smallint, living_area_m2 numeric, lot_size_m2 numeric,
    cap_rate_pct double precision, cover json, published_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT p.id, p.slug, t.title, p.listing_type, p.property_type, p.property_sub_type, p.status,
           p.price_minor, p.currency, p.price_period,
           p.district, p.city, p.province, p.country,
           CASE WHEN p.location_approximate AND NOT exact THEN round(p.lat::numeric, 3)::float8 ELSE p.lat END,
           CASE WHEN p.location_approximate AND NOT exact THEN round(p.lng::numeric, 3)::float8 ELSE p.lng END,
           CASE WHEN p.lat IS NOT NULL THEN p.location_approximate END,
           p.bedrooms_total, p.bathrooms_total, p.max_guests, p.living_area_m2, p.lot_size_m2,
           p.cap_rate_pct,
           (SELECT json_build_object('url', i.url, 'alt', coalesce(i.alt ->> wanted_locale, i.alt ->> p.default_locale),
                                     'width', i.width, 'height', i.height)
            FROM property_images i WHERE i.property_id = p.id AND i.position = 0),
           p.published_at
    FROM (SELECT t.title FROM property_texts t WHERE t.property_id = p.id
          ORDER BY t.locale = wanted_locale DESC, t.locale = p.default_locale DESC, t.locale LIMIT 1) t
$$;

-- Everything about one property. to_currency: also the price in that currency, NULL = no.
CREATE FUNCTION property_details(p properties, wanted_locale text, exact boolean, to_currency text)
RETURNS TABLE (
    id bigint, slug text, title text, description text, locale text, available_locales json,
    listing_type text, property_type text, property_sub_type text, status text,
    bedrooms_total smallint, bathrooms_total numeric, max_guests smallint, living_area_m2 numeric, lot_size_m2 numeric,
    year_built smallint, furnished boolean,
    "price.amount_minor" bigint, "price.currency" char(3), "price.period" text, price_converted json,
    "address.district" text, "address.city" text, "address.province" text, "address.country" char(2),
    "address.postal_code" text,
    "location.lat" double precision, "location.lng" double precision, "location.approximate" boolean,
    amenities json, images json, stay_rules jsonb, cancellation_policy text, financials jsonb, attributes jsonb,
    agent json, version int, published_at timestamptz, created_at timestamptz, updated_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT p.id, p.slug, t.title, t.description, t.locale,
           (SELECT json_agg(x.locale ORDER BY x.locale) FROM property_texts x WHERE x.property_id = p.id),
           p.listing_type, p.property_type, p.property_sub_type, p.status,
           p.bedrooms_total, p.bathrooms_total, p.max_guests, p.living_area_m2, p.lot_size_m2,
           p.year_built, p.furnished,
           p.price_minor, p.currency, p.price_period,
           (SELECT json_build_object('amount_minor', round(p.price_minor * r.rate)::bigint, 'currency', r.quote,
                                     'period', p.price_period, 'rate_date', r.as_of)
            FROM fx_rates r WHERE r.base = p.currency AND r.quote = to_currency ORDER BY r.as_of DESC LIMIT 1),
           p.district, p.city, p.province, p.country, p.postal_code,
           CASE WHEN p.location_approximate AND NOT exact THEN round(p.lat::numeric, 3)::float8 ELSE p.lat END,
           CASE WHEN p.location_approximate AND NOT exact THEN round(p.lng::numeric, 3)::float8 ELSE p.lng END,
           CASE WHEN p.lat IS NOT NULL THEN p.location_approximate END,
           to_json(p.amenities),
           (SELECT coalesce(json_agg(json_build_object(
                'id', i.id, 'url', i.url, 'alt', coalesce(i.alt ->> t.locale, i.alt ->> p.default_locale),
                'order', i.position, 'width', i.width, 'height', i.height, 'cover', i.position = 0)
                ORDER BY i.position), '[]')
            FROM property_images i WHERE i.property_id = p.id),
           p.stay_rules, p.cancellation_policy, p.financials, p.attributes,
           (SELECT json_build_object('id', u.id, 'display_name', u.display_name) FROM users u WHERE u.id = p.agent_id),
           p.version, p.published_at, p.created_at, p.updated_at
    FROM (SELECT t.locale, t.title, t.description FROM property_texts t WHERE t.property_id = p.id
          ORDER BY t.locale = wanted_locale DESC, t.locale = p.default_locale DESC, t.locale LIMIT 1) t
$$;
