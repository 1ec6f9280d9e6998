-- Some conversations of a person, with all that was said. $1 bigint user, $2 bigint conversations
DELETE FROM conversations WHERE id IN (SELECT c.id FROM conversations c WHERE c.user_id = $1::bigint ORDER BY c.id LIMIT $2::bigint)
