-- Thousands of vectors are compared in two steps: all by a sketch, which is short enough to stand in an index, and the nearest of
-- these in full.

-- A vector of any length folded to 256 numbers: the inner product of two sketches is about the cosine of the vectors.
CREATE FUNCTION vector_sketch(v vector) RETURNS halfvec LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    missing int := (256 - vector_dims(v) % 256) % 256;
    long vector := l2_normalize(v);
    folded vector;
BEGIN
    IF missing > 0 THEN
        long := long || array_fill(0::real, ARRAY[missing])::vector;
    END IF;
    folded := subvector(long, 1, 256);
    FOR part IN 1 .. vector_dims(long) / 256 - 1 LOOP
        IF part % 2 = 1 THEN
            folded := folded - subvector(long, part * 256 + 1, 256);
        ELSE
            folded := folded + subvector(long, part * 256 + 1, 256);
        END IF;
    END LOOP;
    RETURN folded::halfvec(256);
END
$$;

-- One for each row of property_embeddings, with copies of what most searches narrow by: sketches of one place or kind stand side by
-- side in an index. A table of its own: a column added there would build the indexes of all vectors anew.
CREATE TABLE property_sketches (
    property_id   bigint NOT NULL,
    locale        text NOT NULL,
    model         text NOT NULL,
    dims          int NOT NULL, -- of the vector
    listing_type  text NOT NULL,
    property_type text NOT NULL,
    city          text,
    province      text,
    sketch        halfvec(256) NOT NULL,
    PRIMARY KEY (property_id, locale, model),
    FOREIGN KEY (property_id, locale, model) REFERENCES property_embeddings ON DELETE CASCADE
);
ALTER TABLE property_sketches ALTER COLUMN sketch SET STORAGE PLAIN;

-- The lock keeps a change of the listing from passing by unseen.
CREATE FUNCTION property_sketch_put() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO property_sketches AS s (property_id, locale, model, dims, listing_type, property_type, city, province, sketch)
    SELECT NEW.property_id, NEW.locale, NEW.model, NEW.dims, p.listing_type, p.property_type, p.city, p.province,
           vector_sketch(NEW.embedding)
    FROM properties p WHERE p.id = NEW.property_id FOR SHARE
    ON CONFLICT (property_id, locale, model) DO UPDATE SET dims = EXCLUDED.dims, sketch = EXCLUDED.sketch;
    RETURN NULL;
END
$$;
CREATE FUNCTION property_sketch_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE property_sketches s
    SET listing_type = NEW.listing_type, property_type = NEW.property_type, city = NEW.city, province = NEW.province
    WHERE s.property_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER property_embeddings_sketch AFTER INSERT OR UPDATE ON property_embeddings
    FOR EACH ROW EXECUTE FUNCTION property_sketch_put();
CREATE TRIGGER properties_sketch AFTER UPDATE OF listing_type, property_type, city, province ON properties
    FOR EACH ROW WHEN ((OLD.listing_type, OLD.property_type, OLD.city, OLD.province)
                       IS DISTINCT FROM (NEW.listing_type, NEW.property_type, NEW.city, NEW.province))
    EXECUTE FUNCTION property_sketch_move();
INSERT INTO property_sketches (property_id, locale, model, dims, listing_type, property_type, city, province, sketch)
SELECT e.property_id, e.locale, e.model, e.dims, p.listing_type, p.property_type, p.city, p.province, vector_sketch(e.embedding)
FROM property_embeddings e JOIN properties p ON p.id = e.property_id;
CREATE INDEX property_sketches_city ON property_sketches (city, listing_type) INCLUDE (property_id, model, dims, sketch);
CREATE INDEX property_sketches_province ON property_sketches (province, listing_type) INCLUDE (property_id, model, dims, sketch);
CREATE INDEX property_sketches_type ON property_sketches (property_type, listing_type) INCLUDE (property_id, model, dims, sketch);
ANALYZE property_sketches;

-- Of those that fit the nearest 200 by their sketches. Reading the sketches of the whole place or kind in one go and leaving out what
-- does not fit is several times as fast as looking each up.
CREATE FUNCTION properties_sketched(f jsonb, fitting bigint[], query vector, in_model text) RETURNS bigint[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0
SET enable_hashjoin = on SET enable_nestloop = off SET enable_mergejoin = off AS $$
DECLARE
    query_sketch halfvec(256) := vector_sketch(query);
    query_dims int := vector_dims(query);
BEGIN
    RETURN ARRAY(SELECT DISTINCT n.property_id FROM (
        SELECT s.property_id
        FROM property_sketches s
        WHERE s.property_id IN (SELECT unnest(fitting)) AND s.model = in_model AND s.dims = query_dims
          AND (f -> 'city' IS NULL OR s.city = ANY (json_texts(f -> 'city')))
          AND (f ->> 'province' IS NULL OR s.province = f ->> 'province')
          AND (f -> 'property_type' IS NULL OR s.property_type = ANY (json_texts(f -> 'property_type')))
          AND (f ->> 'listing_type' IS NULL OR s.listing_type = f ->> 'listing_type')
        ORDER BY s.sketch <#> query_sketch
        LIMIT 200) n);
END
$$;

-- The 50 nearest by meaning among what fits: up to 300 are all compared; of more, the 200 nearest by their sketches. Too many for
-- that (fitting is NULL) are searched through the index, which may give up before it has found enough.
CREATE OR REPLACE FUNCTION properties_vector_leg(f jsonb, fitting bigint[], query vector, in_model text)
RETURNS TABLE (id bigint, cosine double precision) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    whole vector := l2_normalize(query); -- out of the row it may stem from: which would be read again for each comparison
    query_dims int := vector_dims(query);
    among bigint[] := fitting;
    ids bigint[];
    distances double precision[];
BEGIN
    IF fitting IS NULL AND query_dims = 1536 THEN
        SELECT array_agg(n.property_id), array_agg(n.distance) INTO ids, distances
        FROM properties_near(f, whole, in_model) n;
    END IF;
    IF cardinality(ids) >= 50 THEN
        RETURN QUERY
            SELECT n.id, 1 - min(n.distance) FROM unnest(ids, distances) AS n (id, distance) GROUP BY n.id ORDER BY 2 DESC, 1;
        RETURN;
    END IF;
    IF among IS NULL THEN
        among := properties_fitting(f, 2147483647);
    END IF;
    IF cardinality(among) > 300 THEN
        among := properties_sketched(f, among, whole, in_model);
    END IF;
    RETURN QUERY
        WITH every AS MATERIALIZED (
            SELECT e.property_id, 1 - (e.embedding <=> whole) AS cosine
            FROM unnest(among) AS x (id) JOIN property_embeddings e ON e.property_id = x.id
            WHERE e.model = in_model AND e.dims = query_dims
        )
        SELECT x.property_id, max(x.cosine) FROM every x GROUP BY x.property_id ORDER BY 2 DESC, 1 LIMIT 50;
END
$$;

-- Of many known to fit, some that have the words; see properties_worded. By the index of words when these are rare, and from one
-- that fits to the next when they are common.
CREATE FUNCTION properties_worded_of(fitting bigint[], all_words tsquery, any_word tsquery) RETURNS bigint[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0
SET enable_hashjoin = on SET enable_seqscan = off AS $$
DECLARE
    ids bigint[];
BEGIN
    ids := ARRAY(SELECT t.property_id FROM unnest(fitting) AS x (id) JOIN property_texts t ON t.property_id = x.id
                 WHERE t.fts @@ all_words LIMIT 200);
    IF cardinality(ids) >= 50 THEN
        RETURN ids;
    END IF;
    RETURN ids || ARRAY(SELECT t.property_id FROM unnest(fitting) AS x (id) JOIN property_texts t ON t.property_id = x.id
                        WHERE t.fts @@ any_word LIMIT 100);
END
$$;

-- Ranks the words of up to 300 that fit; of more, those of some that have the words.
CREATE OR REPLACE FUNCTION properties_keyword_leg(f jsonb, fitting bigint[], near bigint[], query text)
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
        ELSIF cardinality(fitting) > 300 THEN
            among := near || properties_worded_of(fitting, all_words, any_word);
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
