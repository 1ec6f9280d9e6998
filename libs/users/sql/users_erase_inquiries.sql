-- What a person asked staff is counted on, without the person. $1 bigint user
UPDATE inquiries SET user_id = NULL, session_hash = NULL, conversation_id = NULL, name = '', email = '', phone = NULL, message = '',
       preferred_times = '[]', note = NULL, ip_hash = decode(repeat('00', 32), 'hex'), updated_at = now(), version = version + 1
WHERE user_id = $1::bigint
