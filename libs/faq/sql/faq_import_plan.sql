-- What an import of these rows would do with each: those of the same locale and question (case aside) are updated, a member
-- that is left out keeps its value. $1 jsonb rows {n, locale, category, question, answer, tags, variants, position, status}
WITH rows AS (
    SELECT r.*, md5(lower(r.question)) AS key,
           first_value(r.n) OVER (PARTITION BY r.locale, md5(lower(r.question)) ORDER BY r.n) AS first
    FROM jsonb_to_recordset($1::jsonb) AS r (n bigint, locale text, category text, question text, answer text, tags text[],
                                             variants text[], position int, status text)
), matched AS (
    SELECT r.*, c.id AS category_id, d.id AS faq_id,
           (d.category_id, d.question, d.answer, d.tags, d.variants_text, d.position, d.status) IS NOT DISTINCT FROM
           (c.id, r.question, r.answer, coalesce(r.tags, d.tags), coalesce(array_to_string(r.variants, E'\n'), d.variants_text),
            coalesce(r.position, d.position), coalesce(r.status, d.status)) AS same,
           CASE WHEN c.id IS NULL THEN 'category: is unknown'
                WHEN r.first < r.n THEN 'question: is the same as in row ' || r.first
                WHEN r.answer = '' AND coalesce(r.status, d.status, 'published') = 'published'
                    THEN 'answer: is needed to be published' END AS error
    FROM rows r
    LEFT JOIN faq_categories c ON c.slug = r.category
    LEFT JOIN faq_documents d ON d.locale = r.locale AND md5(lower(d.question)) = r.key AND d.status <> 'archived'
)
SELECT n, CASE WHEN error IS NOT NULL THEN 'invalid' WHEN faq_id IS NULL THEN 'create' WHEN same THEN 'skip' ELSE 'update' END AS state,
       error
FROM matched
ORDER BY n
