-- Deletes records that need not be kept any longer. $1 bigint rows of each kind at most
WITH keys AS (
    DELETE FROM idempotency_keys k
    WHERE (k.principal, k.route, k.key) IN (SELECT o.principal, o.route, o.key FROM idempotency_keys o WHERE o.expires_at < now()
                                            LIMIT $1::bigint FOR UPDATE SKIP LOCKED)
    RETURNING 1
), events AS (
    DELETE FROM webhook_events e
    WHERE (e.provider, e.external_id) IN (SELECT o.provider, o.external_id FROM webhook_events o
                                          WHERE o.received_at < now() - interval '30 days' LIMIT $1::bigint FOR UPDATE SKIP LOCKED)
    RETURNING 1
), calls AS (
    DELETE FROM llm_usage u
    WHERE u.id IN (SELECT o.id FROM llm_usage o WHERE o.at < now() - interval '400 days' LIMIT $1::bigint FOR UPDATE SKIP LOCKED)
    RETURNING 1
), finished AS (
    DELETE FROM jobs j
    WHERE j.id IN (SELECT o.id FROM jobs o WHERE o.status = 'done' AND o.updated_at < now() - interval '30 days'
                   LIMIT $1::bigint FOR UPDATE SKIP LOCKED)
    RETURNING 1
)
SELECT (SELECT count(*) FROM keys) + (SELECT count(*) FROM events) + (SELECT count(*) FROM calls) + (SELECT count(*) FROM finished) AS total
