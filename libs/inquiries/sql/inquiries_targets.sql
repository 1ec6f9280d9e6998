-- Whether what an inquiry names is there for the one who asks. $1 bigint property (NULL = none), $2 bigint conversation (NULL = none),
-- $3 bigint user (NULL = guest), $4 text hex hash of the session
SELECT $1::bigint IS NULL OR EXISTS (SELECT FROM properties p WHERE p.id = $1::bigint AND p.status = 'active') AS property_found,
       $2::bigint IS NULL OR EXISTS (SELECT FROM conversations c
                                     WHERE c.id = $2::bigint AND chat_is_mine(c, $3::bigint, decode($4::text, 'hex'))) AS conversation_found
