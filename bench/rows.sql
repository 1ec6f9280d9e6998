-- Fills a migrated, empty database with :rows listings, ids 1 to :rows, all of one size: two texts, three images, an agent.
-- The text-search indexes go: no measured statement reads them, and a million rows would spend minutes building them.
-- Whoever was ever read has a document; here everybody gets one that is out of date, so that the table has its full depth.
\set ON_ERROR_STOP on
SET session_replication_role = replica; -- references are right by construction: nobody checks five million of them
BEGIN;
DROP INDEX property_texts_fts, property_texts_search;

INSERT INTO users (clerk_user_id, display_name, role)
SELECT 'user_bench_agent_' || n, 'Agent ' || n, 'agent' FROM generate_series(1, 10) n;

INSERT INTO properties (slug, created_by, agent_id, listing_type, property_type, property_sub_type, status, bedrooms_total,
    bathrooms_total, max_guests, living_area_m2, lot_size_m2, year_built, furnished, price_minor, currency, price_period,
    price_base_minor, district, city, province, country, postal_code, lat, lng, amenities, stay_rules, attributes, published_at)
SELECT 'listing-number-' || n, 1 + n % 10, 1 + n % 10, 'short_stay', 'villa', 'pool_villa', 'active', 1 + n % 5,
    1 + n % 4 + 0.5, 2 + n % 8, 80 + n % 200, 200 + n % 700, 1990 + n % 35, true, 100000 + n * bigint '7919' % 900000, 'THB', 'night',
    100000 + n * bigint '7919' % 900000, 'Rawai', (ARRAY ['Phuket', 'Krabi', 'Koh Samui', 'Hua Hin'])[1 + n % 4], 'Phuket', 'TH', '83130',
    7.5 + n % 1000 / 1000.0, 98.0 + n % 997 / 1000.0,
    '{air_conditioning,bbq,hot_water,kitchen,parking,private_pool,sea_view,terrace,tv,washing_machine,wifi}',
    '{"check_in_time": "15:00", "check_out_time": "11:00", "min_nights": 3, "max_nights": 90, "pets": false}',
    jsonb_build_object('beach_distance_m', 100 + n % 4000), timestamptz '2025-01-01' + n * interval '17 seconds'
FROM generate_series(1, :rows) n;

INSERT INTO property_texts (property_id, locale, title, description)
SELECT n, l.locale, l.title || n, l.description
FROM generate_series(1, :rows) n, (VALUES
    ('en', 'Hillside pool villa number ',
     'Three bedrooms open onto a ten-metre pool, and from the far end you can watch the boats go out to the island. The '
     'market by the pier is a six-minute drive, so most guests buy fish there and use the charcoal grill. The last stretch '
     'of road is steep; a small car manages it, a loaded scooter may not.'),
    ('th', 'วิลล่าพร้อมสระว่ายน้ำ หมายเลข ', '')) l (locale, title, description);

INSERT INTO property_images (property_id, url, alt, position, width, height)
SELECT n, 'https://images.example/listing-number-' || n || '/0' || i || '-pool.jpg', '{"en": "Swimming pool, Rawai"}', i, 2048, 1365
FROM generate_series(1, :rows) n, generate_series(0, 2) i;

INSERT INTO property_documents (property_id, locale, version, body)
SELECT n, 'en', 0, repeat('x', 200) FROM generate_series(1, :rows) n;
COMMIT;
VACUUM ANALYZE;
