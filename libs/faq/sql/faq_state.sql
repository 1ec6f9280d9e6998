-- What a search depends on besides the entries: their version, and the model whose vectors are in use.
SELECT (SELECT (value #>> '{}')::bigint FROM settings WHERE key = 'faq_version') AS version,
       (SELECT value #>> '{}' FROM settings WHERE key = 'embedding_model') AS model
