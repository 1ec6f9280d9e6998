-- A page of the audit log, newest first. $1 bigint actor, $2 text kind of actor, $3 text action, $4 text entity, $5 bigint its id,
-- $6 timestamptz from, $7 timestamptz before (NULL = any), $8 bigint last row of the page before (0 = first page), $9 bigint rows
SELECT a.id, a.at, a.actor_id, a.actor_kind, a.action, a.entity, a.entity_id, a.before, a.after, a.request_id
FROM audit_log a
WHERE ($1::bigint IS NULL OR a.actor_id = $1::bigint)
  AND ($2::text IS NULL OR a.actor_kind = $2::text)
  AND ($3::text IS NULL OR a.action = $3::text)
  AND ($4::text IS NULL OR a.entity = $4::text)
  AND ($5::bigint IS NULL OR a.entity_id = $5::bigint)
  AND ($6::timestamptz IS NULL OR a.at >= $6::timestamptz)
  AND ($7::timestamptz IS NULL OR a.at < $7::timestamptz)
  AND ($8::bigint = 0 OR a.id < $8::bigint)
ORDER BY a.id DESC
LIMIT $9::bigint
