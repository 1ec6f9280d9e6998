-- What is like the query in meaning and in words, fused and best first.
-- $1 text normalised query, $2 vector of it (NULL = no vector leg), $3 text its model, $4 text locale, $5 text category slug
-- (NULL = all), $6 boolean find by words here, $7 bigint[] ids, $8 float8[] scores, $9 boolean[] strict: what words found
-- before, $10 text fusion, $11 float8 weight of the vector leg, $12 float8 of the keyword leg, $13 float8 k, $14 bigint rows of the order, $15 bigint best
-- rows of the keyword leg, which an entry without a vector has to be among: its place in the whole order is far down
SELECT d.id, d.question, d.answer, c.id AS "category.id", c.slug AS "category.slug",
       coalesce(c.name ->> d.locale, c.name ->> 'en', c.slug) AS "category.name", d.locale, d.tags, d.helpful_count,
       d.not_helpful_count, d.updated_at, f.score, f.source, f.cosine AS "scores.vector", f.keyword AS "scores.keyword", f.strict,
       (SELECT faq_declined($2::vector, $3::text, $4::text)) AS declined
FROM faq_ranked($1::text, $2::vector, $3::text, $4::text, $5::text, $6::boolean, $7::bigint[], $8::float8[], $9::boolean[], $10::text,
                $11::float8, $12::float8, $13::float8, $14::bigint, $15::bigint) f
     JOIN faq_documents d ON d.id = f.id JOIN faq_categories c ON c.id = d.category_id
ORDER BY f.score DESC, d.id
