-- $1 jsonb array of entries (seeds/README.md); a question that is there in its locale stays
WITH added AS (
    INSERT INTO faq_documents (category_id, locale, question, answer, tags, variants_text, status, position, published_at)
    SELECT c.id, r.locale, r.question, r.answer, coalesce(r.tags, '{}'), coalesce(array_to_string(r.variants, E'\n'), ''),
           coalesce(r.status, 'published'), coalesce(r.position, 0),
           CASE WHEN coalesce(r.status, 'published') = 'published' THEN now() END
    FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e (j, n),
         jsonb_to_record(e.j) AS r (category text, locale text, question text, answer text, tags text[], variants text[],
                                    status text, position int)
         JOIN faq_categories c ON c.slug = r.category
    ORDER BY e.n
    ON CONFLICT (locale, md5(lower(question))) WHERE status <> 'archived' DO NOTHING
    RETURNING id, version, question, answer
), revisions AS (
    INSERT INTO faq_revisions (faq_id, version, question, answer) SELECT a.id, a.version, a.question, a.answer FROM added a
), bumped AS (
    UPDATE settings SET value = to_jsonb((value #>> '{}')::bigint + 1)
    WHERE key = 'faq_version' AND EXISTS (SELECT FROM added)
)
SELECT count(*) AS count FROM added
