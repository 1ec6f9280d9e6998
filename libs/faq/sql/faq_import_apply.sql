-- Creates and updates entries, keeps their versions and records it; see faq_import_plan. $1 jsonb rows, $2 bigint actor,
-- $3 text request id
WITH rows AS (
    SELECT r.*, c.id AS category_id, array_to_string(r.variants, E'\n') AS variants_text, d.id AS faq_id
    FROM jsonb_to_recordset($1::jsonb) AS r (n bigint, locale text, category text, question text, answer text, tags text[],
                                             variants text[], position int, status text)
    LEFT JOIN faq_categories c ON c.slug = r.category
    LEFT JOIN faq_documents d ON d.locale = r.locale AND md5(lower(d.question)) = md5(lower(r.question)) AND d.status <> 'archived'
), kept AS (
    INSERT INTO faq_revisions (faq_id, version, question, answer, changed_by, changed_at)
    SELECT d.id, d.version, d.question, d.answer, d.updated_by, d.updated_at FROM rows r JOIN faq_documents d ON d.id = r.faq_id
    ON CONFLICT (faq_id, version) DO NOTHING
), updated AS (
    UPDATE faq_documents d
    SET category_id = r.category_id, question = r.question, answer = r.answer, tags = coalesce(r.tags, d.tags),
        variants_text = coalesce(r.variants_text, d.variants_text), position = coalesce(r.position, d.position),
        status = coalesce(r.status, d.status),
        published_at = CASE WHEN r.status = 'published' THEN coalesce(d.published_at, now()) ELSE d.published_at END,
        updated_by = $2::bigint, updated_at = now(), version = d.version + 1
    FROM rows r
    WHERE d.id = r.faq_id
      AND (d.category_id, d.question, d.answer, d.tags, d.variants_text, d.position, d.status) IS DISTINCT FROM
          (r.category_id, r.question, r.answer, coalesce(r.tags, d.tags), coalesce(r.variants_text, d.variants_text),
           coalesce(r.position, d.position), coalesce(r.status, d.status))
    RETURNING d.id, d.version, d.question, d.answer
), created AS (
    INSERT INTO faq_documents (category_id, locale, question, answer, tags, variants_text, status, position, updated_by, published_at)
    SELECT r.category_id, r.locale, r.question, r.answer, coalesce(r.tags, '{}'), coalesce(r.variants_text, ''),
           coalesce(r.status, 'published'), coalesce(r.position, 0), $2::bigint,
           CASE WHEN coalesce(r.status, 'published') = 'published' THEN now() END
    FROM rows r WHERE r.faq_id IS NULL
    ORDER BY r.n
    RETURNING id, version, question, answer
), trimmed AS ( -- vectors of variants that are no more; behind the last comes the question
    DELETE FROM faq_embeddings e USING rows r WHERE e.faq_id = r.faq_id AND e.part > cardinality(r.variants) + 1
), written AS (
    SELECT * FROM updated UNION ALL SELECT * FROM created
), revised AS (
    INSERT INTO faq_revisions (faq_id, version, question, answer, changed_by)
    SELECT w.id, w.version, w.question, w.answer, $2::bigint FROM written w
), audited AS (
    INSERT INTO audit_log (actor_id, actor_kind, action, entity, entity_id, request_id)
    SELECT $2::bigint, 'user', 'faq.import', 'faq', w.id, $3::text FROM written w
)
SELECT (SELECT count(*) FROM created) AS created, (SELECT count(*) FROM updated) AS updated,
       (SELECT count(*) FROM rows) AS total
