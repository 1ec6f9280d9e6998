-- One entry in any state, with its history. $1 bigint id
SELECT d.id, d.question, d.answer,
       json_build_object('id', c.id, 'slug', c.slug, 'name', coalesce(c.name ->> d.locale, c.name ->> 'en', c.slug)) AS category,
       d.locale, d.tags, string_to_array(d.variants_text, E'\n') AS variants, d.status, d.position, d.helpful_count,
       d.not_helpful_count, faq_embedding_state(d.id) AS embedding,
       (SELECT coalesce(json_agg(json_build_object('version', r.version, 'question', r.question, 'answer', r.answer,
                   'changed_by', r.changed_by,
                   'changed_at', to_char(r.changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
                   ORDER BY r.version DESC), '[]')
        FROM (SELECT * FROM faq_revisions v WHERE v.faq_id = d.id ORDER BY v.version DESC LIMIT 20) r) AS versions,
       d.updated_by, d.published_at, d.created_at, d.updated_at, d.version
FROM faq_documents d
JOIN faq_categories c ON c.id = d.category_id
WHERE d.id = $1::bigint
