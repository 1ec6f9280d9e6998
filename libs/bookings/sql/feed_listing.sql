-- A listing let by the night that this host works on, still. $1 bigint property, $2 bigint host
SELECT (property_today(p) - date '1970-01-01')::bigint AS today,
       coalesce((SELECT t.title FROM property_texts t WHERE t.property_id = p.id AND t.locale = p.default_locale), p.slug) AS title
FROM properties p JOIN users u ON u.id = $2::bigint
WHERE p.id = $1::bigint AND p.listing_type = 'short_stay' AND u.status = 'active'
  AND (u.role = 'admin' OR (u.role = 'agent' AND (p.agent_id = u.id OR p.created_by = u.id)))
