-- What is embedded: part 0 is the entry itself, where the question counts twice; 1.. one other phrasing each; behind them the question
-- alone, because beside its answer it is far from who asks in the same words.
CREATE OR REPLACE VIEW faq_parts AS
SELECT d.id AS faq_id, p.part, p.text, sha256(convert_to(p.text, 'UTF8')) AS content_hash
FROM faq_documents d, LATERAL (
    SELECT 0::smallint AS part, d.question || E'\n' || d.question || E'\n' || d.answer AS text
    UNION ALL
    SELECT v.n::smallint, v.text
    FROM unnest(array_append(string_to_array(d.variants_text, E'\n'), d.question)) WITH ORDINALITY AS v (text, n) WHERE v.text <> ''
) p
WHERE d.status <> 'archived';

INSERT INTO jobs (kind, payload, dedupe_key)
SELECT 'faq.embed_all', '{}', 'faq.embed_all' WHERE EXISTS (SELECT FROM faq_documents)
ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'running') DO UPDATE SET rerun = jobs.status = 'running';
