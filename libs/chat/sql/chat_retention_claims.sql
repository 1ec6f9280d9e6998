-- Forgets which sessions were claimed so long ago. $1 int days
DELETE FROM claimed_sessions WHERE claimed_at < now() - make_interval(days => $1::int)
