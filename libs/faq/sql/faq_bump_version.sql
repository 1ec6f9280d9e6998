-- The version of what a search can see; inside the transaction of every write that a search could see.
UPDATE settings SET value = to_jsonb((value #>> '{}')::bigint + 1) WHERE key = 'faq_version' RETURNING (value #>> '{}')::bigint AS version
