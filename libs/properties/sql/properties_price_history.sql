-- Prices of one property, newest first; no row = unknown or hidden. $1 bigint id, $2 boolean whether the viewer is staff
SELECT h.price_minor AS "price.amount_minor", h.currency AS "price.currency", p.price_period AS "price.period", h.changed_at
FROM properties p JOIN property_price_history h ON h.property_id = p.id
WHERE p.id = $1::bigint AND (p.status = 'active' OR $2::boolean)
ORDER BY h.changed_at DESC, h.id DESC
LIMIT 100
