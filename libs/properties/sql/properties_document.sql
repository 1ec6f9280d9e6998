-- The rendered property, if there is one of its present version. An agent's new name shows within ten minutes.
-- $1 bigint id, $2 text locale
SELECT p.version, d.body
FROM properties p
JOIN property_documents d ON d.property_id = p.id AND d.locale = $2::text AND d.version = p.version
WHERE p.id = $1::bigint AND p.status = 'active' AND d.rendered_at > now() - interval '10 minutes'
