-- Counts an unanswered question: with the open gap of the same words, else of the same meaning, else as a new one. A gap's vector
-- is of the model that was in use when somebody asked last.
-- $1 text locale, $2 text normalised question, $3 text as typed, $4 vector (NULL = unknown), $5 text its model, $6 float8 least
-- cosine of the same meaning, $7 bigint times, $8 bigint best entry (NULL = none), $9 float8 its score, $10 text source,
-- $11 bigint message (NULL = none)
WITH alike AS (
    SELECT g.id, g.normalised = $2::text AS same_words,
           CASE WHEN g.model = $5::text AND vector_dims(g.embedding) = vector_dims($4::vector)
                THEN 1 - (g.embedding <=> $4::vector) END AS cosine
    FROM faq_gaps g
    WHERE g.status = 'open' AND g.locale = $1::text AND (g.normalised = $2::text OR g.model = $5::text)
), same AS (
    SELECT a.id FROM alike a
    WHERE a.same_words OR (a.cosine >= $6::float8 AND a.cosine <> 'NaN')
    ORDER BY a.same_words DESC, a.cosine DESC NULLS LAST, a.id
    LIMIT 1
), best AS (
    SELECT d.id FROM faq_documents d WHERE d.id = $8::bigint
), counted AS (
    UPDATE faq_gaps g SET count = g.count + $7::int, last_seen_at = now(),
           embedding = CASE WHEN g.model = $5::text AND vector_dims(g.embedding) = vector_dims($4::vector) THEN g.embedding
                            ELSE coalesce($4::vector, g.embedding) END,
           model = CASE WHEN $4::vector IS NULL THEN g.model ELSE $5::text END,
           best_faq_id = coalesce((SELECT id FROM best), g.best_faq_id),
           best_score = CASE WHEN EXISTS (SELECT FROM best) THEN $9::float8 ELSE g.best_score END
    FROM same s WHERE g.id = s.id
    RETURNING g.id
), opened AS (
    INSERT INTO faq_gaps (locale, normalised, sample_question, embedding, model, count, best_faq_id, best_score)
    SELECT $1::text, $2::text, $3::text, $4::vector, CASE WHEN $4::vector IS NOT NULL THEN $5::text END, $7::int,
           (SELECT id FROM best), CASE WHEN EXISTS (SELECT FROM best) THEN $9::float8 END
    WHERE NOT EXISTS (SELECT FROM counted)
    ON CONFLICT (locale, normalised) WHERE status = 'open' DO UPDATE SET count = faq_gaps.count + EXCLUDED.count, last_seen_at = now()
    RETURNING id
), gap AS (
    SELECT id FROM counted UNION ALL SELECT id FROM opened
), seen AS (
    UPDATE faq_gap_examples e SET at = now(), message_id = coalesce($11::bigint, e.message_id)
    FROM gap WHERE e.gap_id = gap.id AND e.question = $3::text AND e.source = $10::text
    RETURNING e.id
), example AS (
    INSERT INTO faq_gap_examples (gap_id, source, message_id, question)
    SELECT gap.id, $10::text, $11::bigint, $3::text FROM gap WHERE NOT EXISTS (SELECT FROM seen)
    RETURNING gap_id
), trimmed AS (
    DELETE FROM faq_gap_examples e
    WHERE e.id IN (SELECT x.id FROM example n, LATERAL (SELECT o.id FROM faq_gap_examples o WHERE o.gap_id = n.gap_id
                                                        ORDER BY o.at DESC, o.id DESC OFFSET 19) x)
)
SELECT id FROM gap
