-- Questions that a product knows and does not answer: an entry with the status declined is found by nobody, but a query that is nearer
-- to one of its phrasings than to an answer is told so. And the nearness of an entry is that of its three nearest phrasings,
-- the first of them four times: one phrasing that is near by chance says less than three.
ALTER TABLE faq_documents DROP CONSTRAINT faq_documents_status_check;
ALTER TABLE faq_documents ADD CONSTRAINT faq_documents_status_check CHECK (status IN ('draft', 'published', 'declined', 'archived'));

-- Cosine of the nearest phrasing that is declined in this locale; NULL: nothing is.
CREATE FUNCTION faq_declined(query_vector vector, in_model text, in_locale text) RETURNS double precision LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (SELECT 1 - min(nullif(e.embedding <=> query_vector, 'NaN'))
            FROM faq_documents d JOIN faq_embeddings e ON e.faq_id = d.id AND e.model = in_model AND e.dims = vector_dims(query_vector)
            WHERE d.status = 'declined' AND d.locale = in_locale);
END
$$;

-- Whether a line of the text is the query, but for marks at its end.
CREATE FUNCTION is_phrasing(query text, search_text text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT position(query IN search_text) > 0
       AND EXISTS (SELECT FROM unnest(string_to_array(search_text, E'\n')) AS line WHERE rtrim(line, ' .,;:?!') = query)
$$;

-- What words find among the published entries of a locale, best first: a phrasing as it stands s = 3, all words s = 1 + rank (both strict), any word
-- s = rank times the square of the share of the words found, otherwise s = likeness of letters. The latter is for scripts without spaces, where only a literal part
-- of the text is strict, and for queries without any known word. `query` is normalised. The word "or" and a minus sign do
-- not make a hit strict by themselves.
CREATE OR REPLACE FUNCTION faq_keyword_leg(query text, in_locale text, in_category text)
RETURNS TABLE (id bigint, s double precision, strict boolean) LANGUAGE sql STABLE AS $$
    WITH q AS MATERIALIZED (
        SELECT websearch_to_tsquery(text_config(in_locale), regexp_replace(query, '\mor\M', ' ', 'g')) AS all_words,
               replace(plainto_tsquery(text_config(in_locale), query)::text, ' & ', ' | ')::tsquery AS any_word,
               ARRAY(SELECT quoted_word(w)::tsquery FROM unnest(tsvector_to_array(to_tsvector(text_config(in_locale), query))) w) AS each_word,
               query ~ '[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u9FFF\uAC00-\uD7AF]' AS spaceless
    ), docs AS NOT MATERIALIZED (
        SELECT d.id, d.fts, d.search_text
        FROM faq_documents d
        WHERE d.status = 'published' AND d.locale = in_locale
          AND (in_category IS NULL OR d.category_id = (SELECT c.id FROM faq_categories c WHERE c.slug = in_category))
    ), words AS MATERIALIZED (
        SELECT d.id, d.fts @@ q.all_words AS strict,
               CASE WHEN d.fts @@ q.all_words AND is_phrasing(query, d.search_text) THEN 3
                    WHEN d.fts @@ q.all_words THEN 1 + ts_rank_cd(d.fts, q.all_words, 32)
                    ELSE ts_rank_cd(d.fts, q.any_word, 32) * (
                        SELECT power(count(*) FILTER (WHERE d.fts @@ w) / count(*)::double precision, 2) FROM unnest(q.each_word) w)
               END::double precision AS s
        FROM q, docs d
        WHERE numnode(q.any_word) > 0 AND d.fts @@ q.any_word
        ORDER BY s DESC, d.id
        LIMIT 50
    ), letters AS MATERIALIZED (
        SELECT d.id, q.spaceless AND char_length(query) >= 3 AND position(query IN d.search_text) > 0 AS strict,
               CASE WHEN is_phrasing(query, d.search_text) THEN 3 ELSE word_similarity(query, d.search_text) END::double precision AS s
        FROM q, docs d
        WHERE (q.spaceless OR NOT EXISTS (SELECT FROM words)) AND query <% d.search_text
        ORDER BY s DESC, d.id
        LIMIT 50
    )
    SELECT id, max(s), bool_or(strict)
    FROM (SELECT w.id, w.s, w.strict FROM words w UNION ALL SELECT l.id, l.s, l.strict FROM letters l) AS found
    GROUP BY id
    ORDER BY 2 DESC, 1
    LIMIT 50
$$;

CREATE OR REPLACE FUNCTION faq_ranked(
    query text, query_vector vector, in_model text, in_locale text, in_category text, by_words boolean,
    found_ids bigint[], found_scores double precision[], found_strict boolean[],
    fusion text, vector_weight double precision, keyword_weight double precision, rrf_k double precision,
    places bigint, keyword_places bigint)
RETURNS TABLE (id bigint, score double precision, cosine double precision, keyword double precision, strict boolean, source text)
LANGUAGE plpgsql STABLE ROWS 30 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH parts AS MATERIALIZED (
        SELECT e.faq_id, 1 - (e.embedding <=> query_vector) AS cosine
        FROM faq_documents d JOIN faq_embeddings e ON e.faq_id = d.id AND e.model = in_model AND e.dims = vector_dims(query_vector)
        WHERE d.status = 'published' AND d.locale = in_locale
          AND (in_category IS NULL OR d.category_id = (SELECT c.id FROM faq_categories c WHERE c.slug = in_category))
    ), vec AS (
        SELECT p.faq_id AS id, sum(p.cosine * p.weight) / sum(p.weight) AS cosine
        FROM (SELECT faq_id, cosine, (ARRAY[4, 1, 1])[row_number() OVER (PARTITION BY faq_id ORDER BY cosine DESC)] AS weight
              FROM parts WHERE cosine <> 'NaN') p
        WHERE p.weight IS NOT NULL
        GROUP BY p.faq_id
        ORDER BY cosine DESC, p.faq_id
        LIMIT 50
    ), kw AS (
        SELECT k.id, k.s, k.strict FROM faq_keyword_leg(query, in_locale, in_category) k WHERE by_words
        UNION ALL
        SELECT k.id, k.s, k.strict FROM unnest(found_ids, found_scores, found_strict) AS k (id, s, strict)
    ), told AS ( -- beside a vector, words that say little only disturb its order (docs/search.md)
        SELECT kw.id, kw.s, kw.strict FROM kw
        WHERE query_vector IS NULL OR kw.strict OR kw.s >= 0.15
           OR NOT EXISTS (SELECT FROM faq_embeddings e WHERE e.faq_id = kw.id AND e.model = in_model)
    ), legs AS (
        SELECT (SELECT array_agg(vec.id) FROM vec) AS vector_ids, (SELECT array_agg(vec.cosine) FROM vec) AS vector_scores,
               (SELECT array_agg(told.id) FROM told) AS keyword_ids, (SELECT array_agg(told.s) FROM told) AS keyword_scores,
               (SELECT array_agg(told.strict) FROM told) AS keyword_strict
    )
    SELECT f.id, f.score, f.cosine, f.keyword, f.strict, f.source
    FROM (
        SELECT s.*, row_number() OVER (ORDER BY s.score DESC, s.id) AS place,
               row_number() OVER (ORDER BY s.keyword DESC NULLS LAST, s.id) AS keyword_place
        FROM legs l
             CROSS JOIN search_fused(l.vector_ids, l.vector_scores, l.keyword_ids, l.keyword_scores, l.keyword_strict,
                                     fusion, vector_weight, keyword_weight, rrf_k) s) f
    WHERE f.place <= places OR (f.keyword IS NOT NULL AND f.keyword_place <= keyword_places);
END
$$;
