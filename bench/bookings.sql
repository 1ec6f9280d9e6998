-- Fills the database of rows.sql, with its :rows listings, with what is booked: a plan and ten stays each, a month between two.
-- Listing :one has twenty rules for the same two weeks, no two of one priority.
\set ON_ERROR_STOP on
SET session_replication_role = replica; -- as in rows.sql
BEGIN;
INSERT INTO users (clerk_user_id, display_name) SELECT 'user_bench_guest_' || n, 'Guest ' || n FROM generate_series(1, :guests) n;

INSERT INTO rate_plans (property_id, base_nightly_minor, weekend_nightly_minor, cleaning_fee_minor, extra_guest_minor, extra_guest_from,
                        weekly_discount_pct, monthly_discount_pct, tax_pct, min_nights, max_nights)
SELECT n, 400000 + n % 1000 * 100, 500000, 150000, 50000, 2, 10, 25, 7, 1, 90 FROM generate_series(1, :rows) n;

INSERT INTO rate_rules (property_id, period, nightly_minor, priority)
SELECT :one, daterange(current_date + 400 + n % 7, current_date + 415 - n % 5), 300000 + n * 1000, n FROM generate_series(1, 20) n;

INSERT INTO bookings (property_id, user_id, status, stay, guests, total_minor, currency, price, policy, contact, confirmed_at)
SELECT n, (SELECT min(id) FROM users), 'confirmed', daterange(begin, begin + 6), 2, 2400000, 'THB',
       '{"lines": [], "total_minor": 2400000, "currency": "THB"}', '{"code": "moderate"}', '{"name": "A Guest", "email": "guest@example.com"}',
       now()
FROM generate_series(1, :rows) n, generate_series(0, 9) i, LATERAL (SELECT current_date + n * 7 % 37 + i * 37 AS begin) s;
COMMIT;
VACUUM ANALYZE;
