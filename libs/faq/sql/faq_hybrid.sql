-- What is like the query in meaning and in words, fused and best first.
-- $1 text normalised query, $2 vector of it (NULL = no vector leg), $3 text its model, $4 text locale, $5 text category slug
-- (NULL = all), $6 boolean find by words here, $7 bigint[] ids, $8 float8[] scores, $9 boolean[] strict: what words found
-- before, $10 text fusion, $11 float8 weight of the vector leg, $12 float8 of the keyword leg, $13 float8 k, $14 bigint rows of the order, $15 bigint best
-- rows of the keyword leg, which an entry without a vector has to be among: its place in the whole order is far down
WITH vec AS (
    SELECT e.faq_id AS id, 1 - min(e.embedding <=> $2::vector) AS cosine
    FROM faq_documents d JOIN faq_embeddings e ON e.faq_id = d.id AND e.model = $3::text AND e.dims = vector_dims($2::vector)
    WHERE d.status = 'published' AND d.locale = $4::text
      AND ($5::text IS NULL OR d.category_id = (SELECT c.id FROM faq_categories c WHERE c.slug = $5::text))
    GROUP BY e.faq_id
    HAVING min(e.embedding <=> $2::vector) <> 'NaN'
    ORDER BY cosine DESC, e.faq_id
    LIMIT 50
), kw AS (
    SELECT k.id, k.s, k.strict FROM faq_keyword_leg($1::text, $4::text, $5::text) k WHERE $6::boolean
    UNION ALL
    SELECT k.id, k.s, k.strict FROM unnest($7::bigint[], $8::float8[], $9::boolean[]) AS k (id, s, strict)
), legs AS (
    SELECT (SELECT array_agg(vec.id) FROM vec) AS vector_ids, (SELECT array_agg(vec.cosine) FROM vec) AS vector_scores,
           (SELECT array_agg(kw.id) FROM kw) AS keyword_ids, (SELECT array_agg(kw.s) FROM kw) AS keyword_scores,
           (SELECT array_agg(kw.strict) FROM kw) AS keyword_strict
)
SELECT d.id, d.question, d.answer, d.variants_text, c.id AS "category.id", c.slug AS "category.slug",
       coalesce(c.name ->> d.locale, c.name ->> 'en', c.slug) AS "category.name", d.locale, d.tags, d.helpful_count,
       d.not_helpful_count, d.updated_at, f.score, f.source, f.cosine AS "scores.vector", f.keyword AS "scores.keyword", f.strict
FROM legs l
     CROSS JOIN LATERAL (
         SELECT s.*, row_number() OVER (ORDER BY s.score DESC, s.id) AS place,
                row_number() OVER (ORDER BY s.keyword DESC NULLS LAST, s.id) AS keyword_place
         FROM search_fused(l.vector_ids, l.vector_scores, l.keyword_ids, l.keyword_scores, l.keyword_strict,
                           $10::text, $11::float8, $12::float8, $13::float8) s) f
     JOIN faq_documents d ON d.id = f.id JOIN faq_categories c ON c.id = d.category_id
WHERE f.place <= $14::bigint OR (f.keyword IS NOT NULL AND f.keyword_place <= $15::bigint)
ORDER BY f.score DESC, d.id
