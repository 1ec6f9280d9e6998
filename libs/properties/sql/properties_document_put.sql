-- Keeps what a reader rendered, unless a newer version is there. $1 bigint id, $2 text locale, $3 bigint version, $4 text body
INSERT INTO property_documents AS d (property_id, locale, version, body)
VALUES ($1::bigint, $2::text, $3::bigint, $4::text)
ON CONFLICT (property_id, locale) DO UPDATE
    SET version = excluded.version, body = excluded.body, rendered_at = now()
    WHERE d.version <= excluded.version
