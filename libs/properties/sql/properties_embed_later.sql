-- Queues the embedding of a property's texts; one waiting job is enough. $1 bigint property
INSERT INTO jobs (kind, payload, dedupe_key)
VALUES ('property.embed', json_build_object('property_id', $1::bigint)::jsonb, 'property.embed:' || $1::text)
ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'running') DO NOTHING
