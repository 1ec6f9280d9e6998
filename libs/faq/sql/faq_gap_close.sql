-- $1 bigint gap, $2 text resolved or dismissed, $3 bigint entry that answers it (NULL = none)
UPDATE faq_gaps g SET status = $2::text, resolved_faq_id = $3::bigint WHERE g.id = $1::bigint
