-- FAQ, its gaps, and search by meaning. One model is active at a time: settings.embedding_model; the vectors of the next one
-- are built beside its own and switched to at once.

INSERT INTO settings (key, value) VALUES ('faq_version', '1'), ('embedding_model', '"hash-1536"');

-- Asked for once more while it ran: what it read may be older than what it was asked for.
ALTER TABLE jobs ADD COLUMN rerun boolean NOT NULL DEFAULT false;

CREATE TABLE faq_categories (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 60),
    name       jsonb NOT NULL, -- {locale: text}
    position   int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version    int NOT NULL DEFAULT 1
);

-- The text search configuration of a locale. IMMUTABLE, as generated columns need it.
CREATE FUNCTION text_config(locale text) RETURNS regconfig LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN locale = 'en' THEN 'pg_catalog.english'::regconfig ELSE 'pg_catalog.simple'::regconfig END
$$;

CREATE TABLE faq_documents (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id       bigint NOT NULL REFERENCES faq_categories ON DELETE RESTRICT,
    locale            text NOT NULL,
    question          text NOT NULL CHECK (char_length(question) BETWEEN 3 AND 500),
    answer            text NOT NULL CHECK (char_length(answer) <= 8000),
    tags              text[] NOT NULL DEFAULT '{}',
    variants_text     text NOT NULL DEFAULT '', -- other phrasings, one a line: a generated column cannot read an array
    status            text NOT NULL DEFAULT 'published' CHECK (status IN ('draft', 'published', 'archived')),
    position          int NOT NULL DEFAULT 0,
    helpful_count     int NOT NULL DEFAULT 0,
    not_helpful_count int NOT NULL DEFAULT 0,
    updated_by        bigint REFERENCES users,
    published_at      timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    version           int NOT NULL DEFAULT 1,
    search_text       text GENERATED ALWAYS AS (lower(question || E'\n' || variants_text || E'\n' || answer)) STORED,
    fts               tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector(text_config(locale), question || E'\n' || variants_text), 'A') ||
        setweight(to_tsvector(text_config(locale), answer), 'B')) STORED,
    CONSTRAINT faq_documents_answered CHECK (status <> 'published' OR answer <> '')
);
CREATE UNIQUE INDEX faq_documents_question ON faq_documents (locale, md5(lower(question))) WHERE status <> 'archived';
CREATE INDEX faq_documents_fts ON faq_documents USING gin (fts);
CREATE INDEX faq_documents_search ON faq_documents USING gin (search_text gin_trgm_ops);
CREATE INDEX faq_documents_category ON faq_documents (category_id, position);

-- part 0 = question and answer, 1.. = a variant each. Small enough for an exact scan, which has full recall. Vectors stay in
-- the row as long as they fit on a page: a scan that fetches them from elsewhere takes five times as long.
CREATE TABLE faq_embeddings (
    faq_id       bigint NOT NULL REFERENCES faq_documents ON DELETE CASCADE,
    part         smallint NOT NULL,
    model        text NOT NULL,
    dims         int NOT NULL,
    content_hash bytea NOT NULL, -- SHA-256 of the text embedded
    embedding    vector NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (faq_id, part, model),
    CHECK (vector_dims(embedding) = dims)
) WITH (toast_tuple_target = 8160);
CREATE INDEX faq_embeddings_model ON faq_embeddings (model);

-- What is embedded: part 0 is the entry itself, where the question counts twice, 1.. one other phrasing each.
CREATE VIEW faq_parts AS
SELECT d.id AS faq_id, p.part, p.text, sha256(convert_to(p.text, 'UTF8')) AS content_hash
FROM faq_documents d, LATERAL (
    SELECT 0::smallint AS part, d.question || E'\n' || d.question || E'\n' || d.answer AS text
    UNION ALL
    SELECT v.n::smallint, v.text FROM unnest(string_to_array(d.variants_text, E'\n')) WITH ORDINALITY AS v (text, n) WHERE v.text <> ''
) p
WHERE d.status <> 'archived';

CREATE FUNCTION embedding_model() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT value #>> '{}' FROM settings WHERE key = 'embedding_model'
$$;

-- A word as tsquery reads it, whatever is in it.
CREATE FUNCTION quoted_word(word text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '''' || replace(replace(word, '\', '\\'), '''', '''''') || ''''
$$;

-- What words find among the published entries of a locale, best first: all words s = 1 + rank (strict), any word
-- s = rank times the square of the share of the words found, otherwise s = likeness of letters. The latter is for scripts without spaces, where only a literal part
-- of the text is strict, and for queries without any known word. `query` is normalised. The word "or" and a minus sign do
-- not make a hit strict by themselves.
CREATE FUNCTION faq_keyword_leg(query text, in_locale text, in_category text)
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
               CASE WHEN d.fts @@ q.all_words THEN 1 + ts_rank_cd(d.fts, q.all_words, 32)
                    ELSE ts_rank_cd(d.fts, q.any_word, 32) * (
                        SELECT power(count(*) FILTER (WHERE d.fts @@ w) / count(*)::double precision, 2) FROM unnest(q.each_word) w)
               END::double precision AS s
        FROM q, docs d
        WHERE numnode(q.any_word) > 0 AND d.fts @@ q.any_word
        ORDER BY s DESC, d.id
        LIMIT 50
    ), letters AS MATERIALIZED (
        SELECT d.id, q.spaceless AND char_length(query) >= 3 AND position(query IN d.search_text) > 0 AS strict,
               word_similarity(query, d.search_text)::double precision AS s
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

CREATE TABLE faq_revisions (
    faq_id     bigint NOT NULL REFERENCES faq_documents ON DELETE CASCADE,
    version    int NOT NULL,
    question   text NOT NULL,
    answer     text NOT NULL,
    changed_by bigint REFERENCES users,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (faq_id, version)
);

CREATE TABLE faq_feedback (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    faq_id       bigint NOT NULL REFERENCES faq_documents ON DELETE CASCADE,
    user_id      bigint REFERENCES users,
    session_hash bytea,
    helpful      boolean NOT NULL,
    comment      text CHECK (char_length(comment) <= 1000),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CHECK ((user_id IS NULL) <> (session_hash IS NULL)),
    UNIQUE (faq_id, user_id),
    UNIQUE (faq_id, session_hash)
);

-- Questions that nobody could answer, grouped.
CREATE TABLE faq_gaps (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    locale          text NOT NULL,
    normalised      text NOT NULL,
    sample_question text NOT NULL,
    embedding       vector,
    model           text,
    count           int NOT NULL DEFAULT 1,
    status          text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved', 'dismissed')),
    resolved_faq_id bigint REFERENCES faq_documents ON DELETE SET NULL,
    best_faq_id     bigint REFERENCES faq_documents ON DELETE SET NULL,
    best_score      double precision,
    first_seen_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((embedding IS NULL) = (model IS NULL))
);
CREATE UNIQUE INDEX faq_gaps_words ON faq_gaps (locale, normalised) WHERE status = 'open';
CREATE INDEX faq_gaps_count ON faq_gaps (status, count DESC, id DESC);

CREATE TABLE faq_gap_examples (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gap_id     bigint NOT NULL REFERENCES faq_gaps ON DELETE CASCADE,
    source     text NOT NULL CHECK (source IN ('search', 'chat')),
    message_id bigint,
    question   text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX faq_gap_examples_gap ON faq_gap_examples (gap_id, id DESC);

-- Vectors of up to 2000 numbers stay in the row: reading them elsewhere costs more than comparing them.
CREATE TABLE property_embeddings (
    property_id  bigint NOT NULL REFERENCES properties ON DELETE CASCADE,
    locale       text NOT NULL,
    model        text NOT NULL,
    dims         int NOT NULL,
    content_hash bytea NOT NULL,
    embedding    vector NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (property_id, locale, model),
    CHECK (vector_dims(embedding) = dims)
) WITH (toast_tuple_target = 8160);
ALTER TABLE property_embeddings ALTER COLUMN embedding SET STORAGE EXTERNAL;
-- One index for every model of this length: the server's role cannot make one when the model changes.
CREATE INDEX property_embeddings_1536 ON property_embeddings
    USING hnsw ((embedding::vector(1536)) vector_cosine_ops) WHERE dims = 1536;

-- The same for a property: one vector a locale.
CREATE VIEW property_parts AS
SELECT t.property_id, t.locale, p.text, sha256(convert_to(p.text, 'UTF8')) AS content_hash
FROM property_texts t JOIN properties r ON r.id = t.property_id, LATERAL (SELECT t.title || E'\n' || t.description AS text) p
WHERE r.status <> 'archived';

-- The last job of a kind or of a key: how the embedding of an entry ended.
CREATE INDEX jobs_kind ON jobs (kind, id DESC);
CREATE INDEX jobs_key ON jobs (dedupe_key, id DESC) WHERE dedupe_key IS NOT NULL;

-- {status, model, updated_at} of an entry's vectors; NULL for an archived one, which has none.
CREATE FUNCTION faq_embedding_state(id bigint) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'status', CASE WHEN count(*) = count(e.faq_id) THEN 'ready'
                       WHEN 'failed' IN (
                           (SELECT j.status FROM jobs j WHERE j.dedupe_key = 'faq.embed:' || $1 ORDER BY j.id DESC LIMIT 1),
                           (SELECT j.status FROM jobs j WHERE j.kind = 'faq.embed_all' ORDER BY j.id DESC LIMIT 1)) THEN 'failed'
                       ELSE 'pending' END,
        'model', embedding_model(),
        'updated_at', to_char(max(e.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    FROM faq_parts p
    LEFT JOIN faq_embeddings e ON e.faq_id = p.faq_id AND e.part = p.part AND e.model = embedding_model()
                              AND e.content_hash = p.content_hash
    WHERE p.faq_id = $1
    HAVING count(*) > 0
$$;

-- Ranks what two legs found, for anything that has an id: keeps the score of each leg, 0..1, ties by id.
-- rrf: weighted reciprocal ranks, (w_v / (k + rank) + w_k / (k + rank)) / ((w_v + w_k) / (k + 1)); a missing leg adds 0.
-- convex: weighted scores, each leg scaled to 0.001..1 over its own candidates; all alike is 1. Not-a-number is dropped.
CREATE FUNCTION search_fused(
    vector_ids bigint[], vector_scores double precision[],
    keyword_ids bigint[], keyword_scores double precision[], keyword_strict boolean[],
    fusion text, vector_weight double precision, keyword_weight double precision, rrf_k double precision)
RETURNS TABLE (id bigint, score double precision, cosine double precision, keyword double precision, strict boolean, source text)
LANGUAGE sql IMMUTABLE AS $$
    WITH v AS (
        SELECT x.id, x.s, row_number() OVER (ORDER BY x.s DESC, x.id) AS r,
               greatest(0.001, coalesce((x.s - min(x.s) OVER ()) / CASE WHEN max(x.s) OVER () - min(x.s) OVER () >= 1e-6
                                        THEN max(x.s) OVER () - min(x.s) OVER () END, 1)) AS n
        FROM unnest(vector_ids, vector_scores) AS x (id, s)
        WHERE x.s <> 'NaN' AND x.s NOT IN ('Infinity', '-Infinity')
    ), k AS (
        SELECT x.id, x.s, x.strict, row_number() OVER (ORDER BY x.s DESC, x.id) AS r,
               greatest(0.001, coalesce((x.s - min(x.s) OVER ()) / CASE WHEN max(x.s) OVER () - min(x.s) OVER () >= 1e-6
                                        THEN max(x.s) OVER () - min(x.s) OVER () END, 1)) AS n
        FROM unnest(keyword_ids, keyword_scores, keyword_strict) AS x (id, s, strict)
        WHERE x.s <> 'NaN' AND x.s NOT IN ('Infinity', '-Infinity')
    )
    SELECT id,
           CASE WHEN fusion = 'convex'
                THEN (vector_weight * coalesce(v.n, 0) + keyword_weight * coalesce(k.n, 0)) / (vector_weight + keyword_weight)
                ELSE (coalesce(vector_weight / (rrf_k + v.r), 0) + coalesce(keyword_weight / (rrf_k + k.r), 0))
                     / ((vector_weight + keyword_weight) / (rrf_k + 1)) END,
           v.s, k.s, coalesce(k.strict, false),
           CASE WHEN v.id IS NULL THEN 'keyword' WHEN k.id IS NULL THEN 'vector' ELSE 'hybrid' END
    FROM v FULL JOIN k USING (id)
$$;

-- What is like the query in meaning and in words among the published entries of a locale, fused; see faq_hybrid.sql, which
-- passes its parameters on. Planned once a connection: making a plan takes several times as long as following it.
CREATE FUNCTION faq_ranked(
    query text, query_vector vector, in_model text, in_locale text, in_category text, by_words boolean,
    found_ids bigint[], found_scores double precision[], found_strict boolean[],
    fusion text, vector_weight double precision, keyword_weight double precision, rrf_k double precision,
    places bigint, keyword_places bigint)
RETURNS TABLE (id bigint, score double precision, cosine double precision, keyword double precision, strict boolean, source text)
LANGUAGE plpgsql STABLE ROWS 30 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH vec AS (
        SELECT e.faq_id AS id, 1 - min(e.embedding <=> query_vector) AS cosine
        FROM faq_documents d JOIN faq_embeddings e ON e.faq_id = d.id AND e.model = in_model AND e.dims = vector_dims(query_vector)
        WHERE d.status = 'published' AND d.locale = in_locale
          AND (in_category IS NULL OR d.category_id = (SELECT c.id FROM faq_categories c WHERE c.slug = in_category))
        GROUP BY e.faq_id
        HAVING min(e.embedding <=> query_vector) <> 'NaN'
        ORDER BY cosine DESC, e.faq_id
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

-- ---- search for properties: filters as in properties_filtered. All texts of a property are searched, whatever their locale.
-- Statements are planned anew each time, as filters differ too much, and without helpers: many search at once. ----

-- Ids of what fits, unless these are more than at_most: then NULL.
CREATE FUNCTION properties_fitting(f jsonb, at_most int) RETURNS bigint[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0 AS $$
BEGIN
    RETURN (SELECT CASE WHEN count(*) <= at_most THEN coalesce(array_agg(x.id), '{}') END
            FROM (SELECT p.id FROM properties_filtered(f) p LIMIT at_most::bigint + 1) x);
END
$$;

-- Through the index, which walks on until enough of what it finds fits. Sorting would keep the planner from it.
CREATE FUNCTION properties_near(f jsonb, query vector, in_model text)
RETURNS TABLE (property_id bigint, distance double precision) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0
SET hnsw.iterative_scan = strict_order SET enable_sort = off SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
        SELECT e.property_id, e.embedding::vector(1536) <=> query::vector(1536)
        FROM property_embeddings e JOIN properties_filtered(f) p ON p.id = e.property_id
        WHERE e.dims = 1536 AND e.model = in_model
        ORDER BY e.embedding::vector(1536) <=> query::vector(1536)
        LIMIT 50;
END
$$;

-- The 50 nearest by meaning. A few (fitting is not NULL) are all compared; many are searched through the index, and all
-- compared when it gives up before it has found enough.
CREATE FUNCTION properties_vector_leg(f jsonb, fitting bigint[], query vector, in_model text)
RETURNS TABLE (id bigint, cosine double precision) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
    distances double precision[];
BEGIN
    IF fitting IS NULL AND vector_dims(query) = 1536 THEN
        SELECT array_agg(n.property_id), array_agg(n.distance) INTO ids, distances
        FROM properties_near(f, query, in_model) n;
    END IF;
    IF cardinality(ids) >= 50 THEN
        RETURN QUERY
            SELECT n.id, 1 - min(n.distance) FROM unnest(ids, distances) AS n (id, distance) GROUP BY n.id ORDER BY 2 DESC, 1;
        RETURN;
    END IF;
    RETURN QUERY
        WITH every AS MATERIALIZED (
            SELECT e.property_id, 1 - (e.embedding <=> query) AS cosine
            FROM unnest(coalesce(fitting, properties_fitting(f, 2147483647))) AS x (id)
                 JOIN property_embeddings e ON e.property_id = x.id
            WHERE e.model = in_model AND e.dims = vector_dims(query)
        )
        SELECT x.property_id, max(x.cosine) FROM every x GROUP BY x.property_id ORDER BY 2 DESC, 1 LIMIT 50;
END
$$;

-- A text is in its own locale, which need not be that of the query: words count as English ones and as they are.
CREATE FUNCTION any_word_query(query text) RETURNS tsquery LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(quoted_word(word), ' | ')::tsquery
    FROM unnest(tsvector_to_array(to_tsvector('pg_catalog.english', query) || to_tsvector('pg_catalog.simple', query))) AS word
$$;
CREATE FUNCTION all_words_query(query text) RETURNS tsquery LANGUAGE sql IMMUTABLE AS $$
    SELECT websearch_to_tsquery('pg_catalog.english', plain) || websearch_to_tsquery('pg_catalog.simple', plain)
    FROM regexp_replace(query, '\mor\M', ' ', 'g') AS plain
$$;

-- Of many that fit, some that have the words: there are too many to rank them all.
CREATE FUNCTION properties_worded(f jsonb, all_words tsquery, any_word tsquery) RETURNS bigint[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
    ids bigint[];
BEGIN
    ids := ARRAY(SELECT p.id FROM property_texts t JOIN properties_filtered(f) p ON p.id = t.property_id
                 WHERE t.fts @@ all_words LIMIT 500);
    IF cardinality(ids) >= 50 THEN
        RETURN ids;
    END IF;
    RETURN ids || ARRAY(SELECT p.id FROM property_texts t JOIN properties_filtered(f) p ON p.id = t.property_id
                        WHERE t.fts @@ any_word LIMIT 500);
END
$$;
-- The same by letters. The index can only afford a higher likeness than the one asked for in the end.
CREATE FUNCTION properties_lettered(f jsonb, query text) RETURNS bigint[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0
SET pg_trgm.word_similarity_threshold = 0.6 AS $$
BEGIN
    RETURN ARRAY(SELECT p.id FROM property_texts t JOIN properties_filtered(f) p ON p.id = t.property_id
                 WHERE query <% t.search_text LIMIT 500);
END
$$;

-- What has the words of the query: all of them (strict, 1 + rank) or any (rank); and what looks alike letter by letter, when the
-- script has no blanks or no word was found (alike: a typing error at most). near: ids that are looked at in any case. A property
-- may come twice.
CREATE FUNCTION properties_keyword_leg(f jsonb, fitting bigint[], near bigint[], query text)
RETURNS TABLE (id bigint, s double precision, strict boolean, alike boolean) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    all_words tsquery := all_words_query(query);
    any_word tsquery := any_word_query(query);
    spaceless boolean := query ~ '[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u9FFF\uAC00-\uD7AF]';
    among bigint[] := fitting;
BEGIN
    IF numnode(any_word) > 0 THEN
        IF fitting IS NULL THEN
            among := near || properties_worded(f, all_words, any_word);
        END IF;
        RETURN QUERY
            SELECT t.property_id, max(CASE WHEN t.fts @@ all_words THEN 1 + ts_rank_cd(t.fts, all_words, 32)
                                           ELSE ts_rank_cd(t.fts, any_word, 32) END)::double precision,
                   bool_or(t.fts @@ all_words), false
            FROM unnest(among) AS x (id) JOIN property_texts t ON t.property_id = x.id
            WHERE t.fts @@ any_word
            GROUP BY t.property_id ORDER BY 2 DESC, 1 LIMIT 50;
        IF FOUND AND NOT spaceless THEN
            RETURN;
        END IF;
    END IF;
    IF fitting IS NULL OR cardinality(fitting) > 1000 THEN
        among := near || properties_lettered(f, query);
    END IF;
    RETURN QUERY
        SELECT l.id, max(l.likeness), bool_or(spaceless AND char_length(query) >= 3 AND position(query IN l.search_text) > 0),
               max(l.likeness) >= 0.5
        FROM (SELECT t.property_id AS id, t.search_text, word_similarity(query, t.search_text)::double precision AS likeness
              FROM unnest(among) AS x (id) JOIN property_texts t ON t.property_id = x.id) l
        WHERE l.likeness > 0.3
        GROUP BY l.id ORDER BY 2 DESC, 1 LIMIT 50;
END
$$;
