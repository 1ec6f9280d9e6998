-- Another worker wants to read an answer that is being written. $1 bigint message
UPDATE messages SET follow_asked = true WHERE id = $1::bigint AND status = 'streaming' AND NOT follow_asked
