-- Counts of what fits, as one JSON object. $1 jsonb filters
WITH fitting AS MATERIALIZED (
    SELECT f.property_type, f.property_sub_type, f.city, f.bedrooms_total, f.amenities, f.price_base_minor
    FROM properties_filtered($1::jsonb) f
), price AS (
    SELECT count(*) AS n, min(price_base_minor) AS low, max(price_base_minor) AS high FROM fitting
), bucket AS (
    SELECT width_bucket(f.price_base_minor, p.low, p.high + 1, 10) AS n, count(*) AS count
    FROM fitting f, price p GROUP BY 1
)
SELECT (SELECT n FROM price) AS total,
       (SELECT coalesce(json_agg(json_build_object('value', property_type, 'count', n) ORDER BY n DESC, property_type), '[]')
        FROM (SELECT property_type, count(*) n FROM fitting GROUP BY 1) x) AS property_type,
       (SELECT coalesce(json_agg(json_build_object('value', property_sub_type, 'count', n) ORDER BY n DESC, property_sub_type), '[]')
        FROM (SELECT property_sub_type, count(*) n FROM fitting WHERE property_sub_type IS NOT NULL GROUP BY 1) x) AS property_sub_type,
       (SELECT coalesce(json_agg(json_build_object('value', city, 'count', n) ORDER BY n DESC, city), '[]')
        FROM (SELECT city, count(*) n FROM fitting WHERE city IS NOT NULL GROUP BY 1) x) AS city,
       (SELECT coalesce(json_agg(json_build_object('value', bedrooms_total, 'count', n) ORDER BY bedrooms_total), '[]')
        FROM (SELECT bedrooms_total, count(*) n FROM fitting WHERE bedrooms_total IS NOT NULL GROUP BY 1) x) AS bedrooms,
       (SELECT coalesce(json_agg(json_build_object('value', amenity, 'count', n) ORDER BY n DESC, amenity), '[]')
        FROM (SELECT amenity, count(*) n FROM fitting, unnest(amenities) amenity GROUP BY 1
              ORDER BY n DESC, amenity LIMIT 30) x) AS amenities,
       (SELECT json_build_object('min_minor', p.low, 'max_minor', p.high, 'histogram',
            CASE WHEN p.n = 0 THEN '[]'::json ELSE
                (SELECT json_agg(json_build_object(
                     'from_minor', p.low + (p.high + 1 - p.low) * (b - 1) / 10,
                     'to_minor', p.low + (p.high + 1 - p.low) * b / 10,
                     'count', coalesce(k.count, 0)) ORDER BY b)
                 FROM generate_series(1, 10) b LEFT JOIN bucket k ON k.n = b) END)
        FROM price p) AS price
