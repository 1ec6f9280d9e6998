-- $1 jsonb array of confirmed stays and blocks (seeds/README.md), so many days from today; what has an overlap is left out
WITH added AS (
    INSERT INTO bookings (property_id, user_id, kind, status, stay, guests, total_minor, currency, price, policy, contact, block_reason,
                          confirmed_at)
    SELECT p.id, u.id, CASE WHEN u.id IS NULL THEN 'block' ELSE 'stay' END, CASE WHEN u.id IS NULL THEN 'blocked' ELSE 'confirmed' END,
           daterange(current_date + (g ->> 'in_days')::int, current_date + (g ->> 'in_days')::int + (g ->> 'nights')::int),
           (g ->> 'guests')::smallint, m.total, CASE WHEN u.id IS NOT NULL THEN p.currency END,
           CASE WHEN u.id IS NULL THEN '{}' ELSE jsonb_build_object('lines', jsonb_build_array(jsonb_build_object(
               'code', 'night', 'label', 'Nights', 'quantity', (g ->> 'nights')::int, 'unit_minor', p.price_minor, 'amount_minor', m.total)),
               'total_minor', m.total, 'currency', p.currency) END,
           coalesce(g -> 'policy', '{}'), coalesce(g -> 'contact', '{}'), g ->> 'reason',
           CASE WHEN u.id IS NOT NULL THEN now() END
    FROM jsonb_array_elements($1::jsonb) g JOIN properties p ON p.slug = g ->> 'property'
         LEFT JOIN users u ON u.clerk_user_id = g ->> 'user',
         LATERAL (SELECT CASE WHEN u.id IS NOT NULL THEN (g ->> 'nights')::int * p.price_minor END AS total) m
    WHERE NOT EXISTS (SELECT FROM bookings)
    ON CONFLICT ON CONSTRAINT bookings_no_overlap DO NOTHING
    RETURNING id, status
), event AS (
    INSERT INTO booking_events (booking_id, to_status, actor_kind) SELECT a.id, a.status, 'cli' FROM added a
)
SELECT count(*) AS count FROM added
