-- A page of unanswered questions, asked most often first. $1 text status, $2 text locale (NULL = any), $3 text sort key of the last row of
-- the page before (NULL = first page), $4 bigint its id, $5 bigint rows
SELECT g.id, g.locale, g.sample_question, g.count, g.status,
       CASE WHEN g.best_faq_id IS NOT NULL
            THEN json_build_object('id', g.best_faq_id, 'question', b.question, 'score', g.best_score) END AS best_faq,
       (SELECT coalesce(json_agg(json_build_object('question', e.question, 'source', e.source,
                   'at', to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY e.id DESC), '[]')
        FROM (SELECT * FROM faq_gap_examples x WHERE x.gap_id = g.id ORDER BY x.id DESC LIMIT 20) e) AS examples,
       g.resolved_faq_id, g.first_seen_at, g.last_seen_at, g.count::text AS sort_key
FROM faq_gaps g
LEFT JOIN faq_documents b ON b.id = g.best_faq_id
WHERE ($1::text IS NULL OR g.status = $1::text)
  AND ($2::text IS NULL OR g.locale = $2::text)
  AND ($3::text IS NULL OR (g.count, g.id) < ($3::text::int, $4::bigint))
ORDER BY g.count DESC, g.id DESC
LIMIT $5::bigint
