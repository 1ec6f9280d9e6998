-- One unanswered question with its examples, newest first. $1 bigint id
SELECT g.id, g.locale, g.sample_question, g.count, g.status,
       CASE WHEN g.best_faq_id IS NOT NULL
            THEN json_build_object('id', g.best_faq_id, 'question', b.question, 'score', g.best_score) END AS best_faq,
       (SELECT coalesce(json_agg(json_build_object('question', e.question, 'source', e.source,
                   'at', to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY e.id DESC), '[]')
        FROM (SELECT * FROM faq_gap_examples x WHERE x.gap_id = g.id ORDER BY x.id DESC LIMIT 20) e) AS examples,
       g.resolved_faq_id, g.first_seen_at, g.last_seen_at
FROM faq_gaps g
LEFT JOIN faq_documents b ON b.id = g.best_faq_id
WHERE g.id = $1::bigint
