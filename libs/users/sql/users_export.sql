-- Everything that belongs to one person, as one JSON object: at most so many newest rows of each kind, and as many bytes of each as make
-- at most 4 MB together. $1 bigint user, $2 bigint rows
SELECT json_build_object(
    'exported_at', export_time(now()),
    'user', (SELECT json_build_object('id', u.id, 'clerk_user_id', u.clerk_user_id, 'email', u.email, 'email_verified', u.email_verified,
                 'display_name', u.display_name, 'avatar_url', u.avatar_url, 'phone', u.phone, 'locale', u.locale, 'currency', u.currency,
                 'role', u.role, 'created_at', export_time(u.created_at), 'last_seen_at', export_time(u.last_seen_at))
             FROM users u WHERE u.id = $1::bigint),
    'conversations', export_part(ARRAY(
        SELECT json_build_object('id', c.id, 'title', c.title, 'locale', c.locale, 'created_at', export_time(c.created_at),
                                 'last_message_at', export_time(c.last_message_at))
        FROM conversations c WHERE c.user_id = $1::bigint ORDER BY c.id DESC LIMIT $2::bigint + 1), $2::bigint, 262144),
    'messages', export_part(ARRAY(
        SELECT json_build_object('id', m.id, 'conversation_id', m.conversation_id, 'role', m.role, 'content', m.content,
                                 'status', m.status, 'created_at', export_time(m.created_at),
                                 'feedback', (SELECT json_build_object('rating', CASE WHEN f.rating > 0 THEN 'up' ELSE 'down' END,
                                                                       'reason', f.reason, 'comment', f.comment)
                                              FROM message_feedback f WHERE f.message_id = m.id))
        FROM messages m JOIN conversations c ON c.id = m.conversation_id
        WHERE c.user_id = $1::bigint ORDER BY m.id DESC LIMIT $2::bigint + 1), $2::bigint, 1572864),
    'bookings', export_part(ARRAY(
        SELECT json_build_object('id', s.id, 'property_id', s.property_id, 'status', s.status, 'check_in', s.check_in,
                                 'check_out', s.check_out, 'guests', s.guests, 'price', s.price, 'refund', s.refund,
                                 'cancellation_policy', s.cancellation_policy, 'contact', s.contact, 'note', s.note,
                                 'payment_reference', s.payment_reference, 'created_at', export_time(s.created_at),
                                 'events', (SELECT coalesce(json_agg(json_build_object('from', e.from_status, 'to', e.to_status,
                                                       'reason', e.reason, 'at', export_time(e.at)) ORDER BY e.id), '[]')
                                            FROM booking_events e WHERE e.booking_id = s.id))
        FROM bookings b, booking_shown(b) s
        WHERE b.user_id = $1::bigint AND b.kind = 'stay' ORDER BY b.id DESC LIMIT $2::bigint + 1), $2::bigint, 1048576),
    'inquiries', export_part(ARRAY(
        SELECT json_build_object('id', i.id, 'property_id', i.property_id, 'conversation_id', i.conversation_id, 'kind', i.kind,
                                 'name', i.name, 'email', i.email, 'phone', i.phone, 'message', i.message,
                                 'preferred_times', i.preferred_times, 'status', i.status, 'consent_at', export_time(i.consent_at),
                                 'created_at', export_time(i.created_at))
        FROM inquiries i WHERE i.user_id = $1::bigint ORDER BY i.id DESC LIMIT $2::bigint + 1), $2::bigint, 524288),
    'faq_feedback', export_part(ARRAY(
        SELECT json_build_object('faq_id', f.faq_id, 'helpful', f.helpful, 'comment', f.comment, 'created_at', export_time(f.created_at))
        FROM faq_feedback f WHERE f.user_id = $1::bigint ORDER BY f.id DESC LIMIT $2::bigint + 1), $2::bigint, 262144),
    'properties', export_part(ARRAY(
        SELECT json_build_object('id', p.id, 'slug', p.slug, 'status', p.status)
        FROM properties p WHERE p.created_by = $1::bigint OR p.agent_id = $1::bigint ORDER BY p.id DESC LIMIT $2::bigint + 1), $2::bigint, 131072),
    'actions', export_part(ARRAY(
        SELECT json_build_object('at', export_time(a.at), 'action', a.action, 'entity', a.entity, 'entity_id', a.entity_id)
        FROM audit_log a WHERE a.actor_id = $1::bigint ORDER BY a.id DESC LIMIT $2::bigint + 1), $2::bigint, 131072)
)::text AS document
