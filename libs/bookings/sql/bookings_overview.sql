-- How stays are, all together, each by the days of its place. A hold whose time is over counts as expired, though its row may still say
-- hold. $1 bigint minutes that are soon, $2 bigint days
SELECT count(*) FILTER (WHERE b.status = 'hold' AND b.hold_expires_at > now()) AS hold,
       count(*) FILTER (WHERE b.status = 'pending') AS pending, count(*) FILTER (WHERE b.status = 'confirmed') AS confirmed,
       count(*) FILTER (WHERE b.status = 'completed') AS completed, count(*) FILTER (WHERE b.status = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE b.status = 'declined') AS declined,
       count(*) FILTER (WHERE b.status = 'expired' OR (b.status = 'hold' AND b.hold_expires_at <= now())) AS expired,
       count(*) FILTER (WHERE b.status = 'hold' AND b.hold_expires_at > now()
                          AND b.hold_expires_at <= now() + make_interval(mins => $1::bigint::int)) AS holds_expiring,
       count(*) FILTER (WHERE b.status = 'pending' AND lower(b.stay) >= t.today) AS requests_waiting,
       count(*) FILTER (WHERE b.status = 'confirmed' AND lower(b.stay) >= t.today
                          AND lower(b.stay) < t.today + $2::bigint::int) AS next_arrivals
FROM bookings b
LEFT JOIN LATERAL (
    -- only where it is asked for: the zone is not for nothing
    SELECT property_today(p) AS today FROM properties p
    WHERE p.id = b.property_id AND b.status IN ('pending', 'confirmed') AND lower(b.stay) >= current_date - 1
) t ON true
WHERE b.kind = 'stay'
