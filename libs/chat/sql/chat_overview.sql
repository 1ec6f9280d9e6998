-- What went on in the last day, week and month: one row each, in that order. $1 boolean count bookings, too
WITH periods (n, since) AS (
    VALUES (1, now() - interval '24 hours'), (2, now() - interval '7 days'), (3, now() - interval '30 days')
)
SELECT said.chats, said.questions, said.users, said.guests, said.answers,
       round(100.0 * said.refused / nullif(said.answers, 0), 1) AS refusal_rate_pct,
       said.p50_ms, said.p95_ms, votes.thumbs_up, votes.thumbs_down, spent.cost_microusd, asked.inquiries, booked.bookings, gaps.top_gaps
FROM periods p
CROSS JOIN LATERAL (
    SELECT count(DISTINCT m.conversation_id) AS chats, count(*) FILTER (WHERE m.role = 'user') AS questions,
           count(DISTINCT c.user_id) AS users, count(DISTINCT c.session_hash) FILTER (WHERE c.user_id IS NULL) AS guests,
           count(*) FILTER (WHERE m.role = 'assistant' AND m.status = 'complete') AS answers,
           count(*) FILTER (WHERE m.finish_reason = 'no_evidence' AND m.status = 'complete') AS refused,
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY m.latency_ms) FILTER (WHERE m.status = 'complete'))::bigint AS p50_ms,
           round(percentile_cont(0.95) WITHIN GROUP (ORDER BY m.latency_ms) FILTER (WHERE m.status = 'complete'))::bigint AS p95_ms
    FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.created_at >= p.since
) said
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE f.rating > 0) AS thumbs_up, count(*) FILTER (WHERE f.rating < 0) AS thumbs_down
    FROM message_feedback f WHERE f.updated_at >= p.since
) votes
CROSS JOIN LATERAL (
    -- one call without a known price leaves no sum
    SELECT CASE WHEN count(*) FILTER (WHERE u.ok AND u.cost_microusd IS NULL) = 0 THEN coalesce(sum(u.cost_microusd), 0)::bigint END
           AS cost_microusd
    FROM llm_usage u WHERE u.at >= p.since
) spent
CROSS JOIN LATERAL (
    SELECT count(*) AS inquiries FROM inquiries i WHERE i.created_at >= p.since AND i.status <> 'spam'
) asked
CROSS JOIN LATERAL (
    SELECT CASE WHEN $1::boolean THEN count(*) END AS bookings FROM bookings b
    WHERE $1::boolean AND b.kind = 'stay' AND b.created_at >= p.since
) booked
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('id', g.id, 'question', g.sample_question, 'count', g.count) ORDER BY g.count DESC, g.id), '[]')
           AS top_gaps
    FROM (SELECT o.id, o.sample_question, o.count FROM faq_gaps o
          WHERE o.status = 'open' AND o.last_seen_at >= p.since ORDER BY o.count DESC, o.id LIMIT 5) g
) gaps
ORDER BY p.n
